import type { Capture, CaptureOptions, Gpu } from "@fauxgrad/kernels";
import { scope, unscoped } from "./scope.ts";

/**
 * Runs a step of tensors and keeps it, to be run again by `replay()`, at little cost to the host and
 * to the same bits. The tensors it returns belong to the capture, and every replay writes them.
 *
 * `step` runs twice, once as usual and once as the recording (once in all with `warmUp: false`), and
 * both count. It must do the same every time, with gradients zeroed at its beginning or its end. Learning
 * rates, step counters and the masks of dropout go on as if the step were run; other numbers of the
 * host are those of the recording. Inputs are tensors made before: `gpu.write(input.data, …)`
 * between replays.
 *
 * ```ts
 * const step = capture(gpu, () => {
 *   const loss = crossEntropy(network.forward(images), labels);
 *   loss.backward();
 *   optimizer.step();
 *   optimizer.zeroGrad();
 *   return loss.detach();
 * });
 * for (const batch of batches) {
 *   gpu.write(images.data, batch.pixels);
 *   gpu.write(labels.data, batch.labels);
 *   step.replay();
 *   console.log(await step.result.item());
 * }
 * step.dispose();
 * ```
 *
 * @throws {UsageError} if `step` reads, makes tensors of host data, waits or is asynchronous, or
 *   frees a tensor that was made before and that it uses
 */
export function capture<T>(gpu: Gpu, step: () => T, options: CaptureOptions = {}): Capture<T> {
  // No scope around the call may free the results: a replay writes them.
  return gpu.capture(() => unscoped(() => scope(step)), options);
}
