export {
  type MinibatchStddevGeometry,
  type MinibatchStddevMode,
  minibatchStddevGeometry,
} from "./geometry.ts";
export { minibatchStddev, minibatchStddevGradInput } from "./minibatch-stddev.ts";
