import { expect, test } from "vitest";
import { planCrops } from "./crop-plan.ts";
import { type DetectorVerdict, inWords, jointVerdict } from "./judgement.ts";

const verdict = (title: string, isFake: boolean): DetectorVerdict => ({
  ...{ name: title.toLowerCase(), title, kind: "tgd", logit: 0, probability: 0.5, threshold: 0.5 },
  ...{ isFake, cropLogits: [0], explanation: null },
});
const plan = planCrops({ width: 256, height: 256 }, 128, 9);
const words = (...detectors: DetectorVerdict[]) => inWords({ detectors, unfamiliar: [], plan });

test("says what the detectors have in common, and where they differ", () => {
  const [yes, no] = [verdict("LGrad", true), verdict("T-GD", false)];
  expect(words(yes, verdict("T-GD", true))).toBe("LGrad and T-GD find traces of a GAN.");
  expect(words(verdict("LGrad", false), no)).toBe("LGrad and T-GD find no traces of a GAN.");
  expect(words(yes, no)).toBe(
    "The detectors disagree: LGrad finds traces of a GAN, T-GD does not.",
  );
  expect(words(no)).toBe("T-GD finds no traces of a GAN.");
  expect(jointVerdict([yes, no])).toBe("undecided");
  expect(jointVerdict([yes])).toBe("fake");
  expect(jointVerdict([no, no])).toBe("real");
});

test("says what is unfamiliar, and what was not looked at", () => {
  const unfamiliar = [
    { what: "colour", text: "it is grey, or nearly" },
    { what: "texture", text: "it has hardly any texture" },
  ] as const;
  const large = planCrops({ width: 999, height: 999 }, 128, 1);
  expect(inWords({ detectors: [verdict("T-GD", true)], unfamiliar, plan: large })).toBe(
    "T-GD finds traces of a GAN. This image lies outside what the detectors know: it is grey, or " +
      "nearly; it has hardly any texture. The verdict means little here. It is larger than was " +
      "looked at: 1 square of 128 x 128 pixels.",
  );
});
