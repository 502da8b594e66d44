import { UsageError } from "../../errors.ts";

const REFUSALS = {
  read:
    "the host cannot read inside capture(): nothing has run yet\n" +
    "Return the array from the captured function, and read it after replay().",
  write:
    "the host cannot write inside capture(): every replay would see the same values\n" +
    "Make the array before capture(), and gpu.write() into it before each replay().",
  synchronize: "the host cannot wait inside capture(): nothing has run yet\nWait after replay().",
  trim: "memory cannot be given back inside capture()\nCall it before or after.",
  profile:
    "nothing runs inside capture()\n" +
    "Profile a replay instead: gpu.profile(() => captured.replay()).",
  capture: "captures do not nest\nCapture the whole step at once.",
  replay: "a captured step cannot be part of another\nCapture the whole step at once.",
} as const;

/** What cannot be done while a step is recorded. */
export type Refused = keyof typeof REFUSALS;

/** @throws {UsageError} always */
export function refuse(what: Refused): never {
  throw new UsageError(`${what}: ${REFUSALS[what]}`);
}
