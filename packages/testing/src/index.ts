export {
  type SmallShapeOptions,
  seed,
  sizeNear,
  smallShape,
  tileBoundaries,
} from "./arbitraries.ts";
export { elementCount, toCoordinates } from "./coordinates.ts";
export {
  fillByName,
  fillByName64,
  fillByPlace,
  fnv1a,
  img8,
  mulberry32,
} from "./deterministic-fill.ts";
export { type DeviceFixture, inErrorScopes, type MatrixDevice, test } from "./device.ts";
export { expect, type Reference, type ReferenceTolerance } from "./expect-array.ts";
export {
  DIFFERENCE_STEP,
  directionalDerivative,
  dot,
  numericalGradient,
  type ScalarFunction,
} from "./finite-difference.ts";
export { randomBits, randomFloats, randomIntegers } from "./random.ts";
