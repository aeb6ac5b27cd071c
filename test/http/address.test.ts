import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../src/domain/address.ts";
import { isPrivateHost } from "../../src/http/address.ts";
import { isWithin } from "../../src/http/credentials.ts";

describe("isPublicAddress", () => {
  it.each(["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"])(
    "takes %s for a public address",
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ["this machine", ["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::7f00:1"]],
    ["a private network", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fd12::1", "fec0::1"]],
    ["a provider's own network", ["100.64.0.1"]],
    ["link-local, where clouds keep credentials", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254"]],
    [
      "reserved",
      ["192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "2001:db8::1"],
    ],
    ["wrapped", ["64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "::ffff:0:10.0.0.1"]],
    ["no address", ["", "example.test", "1.2.3.4.5"]],
  ])("refuses what is %s", (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

it("knows the names of this machine and of private networks", () => {
  const hosts = [
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "localhost.",
    "db.internal",
    "printer.local",
    "[::1]",
  ];
  expect(hosts.filter((host) => !isPrivateHost(host))).toEqual([]);
  expect(
    ["registry.test", "localhost.test", "internal.test", "[2606:4700::1111]"].filter(isPrivateHost),
  ).toEqual([]);
});

it("tells what lies below an address", () => {
  const below = (target: string, prefix: string) => isWithin(new URL(target), new URL(prefix));
  expect(below("https://npm.test/team/a", "https://npm.test/team/")).toBe(true);
  expect(below("https://npm.test/team", "https://npm.test/team/")).toBe(true);
  expect(below("https://npm.test:443/a", "https://npm.test")).toBe(true);
  expect(below("https://npm.test/teams", "https://npm.test/team")).toBe(false);
  expect(below("http://npm.test/a", "https://npm.test/")).toBe(false);
  expect(below("https://npm.test.evil.test/a", "https://npm.test")).toBe(false);
  expect(below("https://npm.test@evil.test/a", "https://npm.test")).toBe(false);
  expect(below("https://npm.test:8443/a", "https://npm.test/")).toBe(false);
});
