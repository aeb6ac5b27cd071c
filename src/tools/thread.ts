import { isMainThread } from "node:worker_threads";
import { guardNetwork } from "./guard.ts";

/*
 * Required before a program and its threads: those that are made of a text `--import` passes over. The operator's trust does not
 * reach a thread, and nothing that a package manager does in one needs the network.
 */
if (!isMainThread) guardNetwork(new Set());
