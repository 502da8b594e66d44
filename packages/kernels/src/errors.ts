/** An operand's shape does not fit the operation. */
export class ShapeError extends Error {
  override name = "ShapeError";
}

/** An operand's element type does not fit the operation. */
export class DTypeError extends Error {
  override name = "DTypeError";
}

/** What went wrong with the device. */
export type DeviceErrorKind = "lost" | "out-of-memory" | "limit" | "validation" | "internal";

/** The device cannot do what was asked: a limit, memory, or the device itself is gone. */
export class DeviceError extends Error {
  override name = "DeviceError";
  readonly kind: DeviceErrorKind;
  constructor(kind: DeviceErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A WGSL kernel does not compile or was dispatched with the wrong arguments. */
export class KernelError extends Error {
  override name = "KernelError";
}

/** The API was used in an order that cannot work: a freed array, a second backward. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** States an internal impossibility; a failure is a bug of ours, never of the caller. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message} (please report this)`);
}
