// What everyone who shows verdicts says about them.

/** How to read what was judged, gradients and maps. */
export const READING: readonly string[] = [
  "The first picture is what was judged: the image at its own resolution, or squares of a large one.",
  "LGrad's gradient shows how the output of another network, which was never asked about fakes, would " +
    "change with every pixel. The scene fades, fine structure stays; LGrad's classifier sees nothing " +
    "else.",
  "The maps show where each detector found what speaks for fake: red most, blue least. They are " +
    "scaled for each image by itself, so that a red spot is no verdict.",
];

/** What no verdict means: said wherever verdicts are shown. */
export const LIMITS: readonly string[] = [
  "No probability here is proof. The detectors learned from photographs and from what a few " +
    "generators made of photographs. Other generators, diffusion models above all, other kinds of " +
    "pictures, strong compression and resizing can mislead them.",
  "Probabilities were calibrated on validation images, half of them fake. In a collection with few " +
    "fakes, most images that are called fake may be real.",
];
