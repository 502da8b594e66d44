import { DeviceError, type KernelError } from "../errors.ts";

/** What can be wrong with a device. */
export type DeviceFailure = DeviceError | KernelError;

/** Listens to what a device reports on its own. The first failure stays. */
export class DeviceWatch {
  readonly #device: GPUDevice;
  readonly #onError: ((error: DeviceFailure) => void) | undefined;
  #failure: DeviceFailure | undefined;
  #isStopped = false;

  constructor(device: GPUDevice, onError: ((error: DeviceFailure) => void) | undefined) {
    this.#device = device;
    this.#onError = onError;
    void device.lost.then((info) => this.#lose(info));
    device.addEventListener("uncapturederror", this.#onUncaptured);
  }

  /** Undefined while everything is well. */
  get failure(): DeviceFailure | undefined {
    return this.#failure;
  }

  /** Takes a failure down and tells the owner. */
  fail(error: DeviceFailure): void {
    this.#failure ??= error;
    this.#onError?.(error);
  }

  /** Listens no longer. */
  stop(): void {
    this.#isStopped = true;
    this.#device.removeEventListener("uncapturederror", this.#onUncaptured);
  }

  #lose({ reason, message }: GPUDeviceLostInfo): void {
    if (this.#isStopped) return;
    if (reason === "destroyed") {
      // Whoever destroyed it knows; later calls still say why they cannot work.
      this.#failure ??= new DeviceError("lost", "the device was destroyed\nOpen a new one.");
      return;
    }
    this.fail(
      new DeviceError(
        "lost",
        `the device was lost: ${message}\n` +
          "Open a new device; what was on the old one is gone (resume from a checkpoint).",
      ),
    );
  }

  readonly #onUncaptured = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    const kind = error.constructor.name === "GPUOutOfMemoryError" ? "out-of-memory" : "validation";
    const advice = kind === "out-of-memory" ? "\nUse a smaller batch or image." : "";
    this.fail(new DeviceError(kind, `the device reported: ${error.message}${advice}`));
  };
}
