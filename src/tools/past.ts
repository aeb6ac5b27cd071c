import fs from "node:fs";
import util from "node:util";

/*
 * Required before a program and before each of its threads, some of which `--import` passes over: what package managers
 * of some years ago call, and Node no longer has, or not under the permission model. Yarn up to 3.1 asks whether something
 * is a date, and Yarn 3.0 and 3.1 write several buffers at once as one did before there was `fs.writev`. All else of
 * Node's own code stays out of reach.
 */
Object.assign(util, { isDate: util.types.isDate });

interface WriteRequest {
  oncomplete?(error: Error | null, written: number): void;
}
const written = (
  fd: number,
  buffers: readonly NodeJS.ArrayBufferView[],
  position: number | null,
  request: WriteRequest,
) => fs.writev(fd, buffers, position, (error, count) => request.oncomplete?.(error, count));
const files = { FSReqCallback: Object, writeBuffers: written };
const others: unknown = Reflect.get(process, "binding");
Object.assign(process, {
  binding: (name: string) =>
    name === "fs" || typeof others !== "function" ? files : Reflect.apply(others, process, [name]),
});
