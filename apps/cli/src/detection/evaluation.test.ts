import { paperRow } from "@fauxgrad/lgrad";
import { measure, sigmoid32 } from "@fauxgrad/training";
import { expect, test } from "vitest";
import { renderReport } from "../report/html.ts";
import { csvText } from "../terminal/csv.ts";
import { calibrate, compareWithPaper, evaluate, type FilePrediction } from "./evaluation.ts";
import { evaluationPage } from "./evaluation-page.ts";
import {
  comparisonRows,
  markdown,
  officialLines,
  predictionRows,
  resultRows,
  terminalTable,
} from "./evaluation-text.ts";

function predictions(
  generator: string,
  category: string | null,
  scores: readonly (readonly [label: 0 | 1, logit: number])[],
): FilePrediction[] {
  return scores.map(([label, logit], i) => ({
    path: `test/${generator}/${label}/${i}.png`,
    ...{ generator, category, label, logit },
    probability: sigmoid32([logit])[0]!,
    perturbation: i === 0 ? "jpeg q=34" : null,
  }));
}

// 17 and 40 have the same sigmoid in float32, 1: a tie, unless logits are ranked.
const cats = [
  [0, 17],
  [1, 40],
  [1, -1],
  [0, -2],
] as const;
const cars = [
  [0, -3],
  [1, 2],
] as const;
const all = [
  ...predictions("progan", "cat", cats),
  ...predictions("progan", "car", cars),
  ...predictions("biggan", null, [
    [0, -1],
    [1, 2],
    [1, 3],
    [0, 0],
  ]),
];
const options = { scores: "sigmoid", confidence: 0.95, seed: 1 } as const;
const paper = paperRow("table3/stylegan-bedroom-1")!;

function split(scores: readonly (readonly [number, number])[]) {
  return [scores.map(([label]) => label), scores.map(([, logit]) => logit)] as const;
}

test("the numbers are the metrics', pooled by generator; logits break the sigmoid's ties", () => {
  const { summary } = evaluate(all, null, options);
  const pooled = measure(...split([...cats, ...cars]));
  expect(summary.generators[0]?.metrics).toEqual(pooled);
  expect(summary.generators[0]?.categories[0]?.metrics).toEqual(measure(...split(cats)));
  expect(summary.mean.accuracy).toBe((4 / 6 + 1) / 2);
  const logits = evaluate(all, null, { ...options, scores: "logits" }).summary;
  expect(logits.generators[0]?.metrics).toEqual(
    measure(...split([...cats, ...cars]), { ranking: "logit" }),
  );
  expect(logits.mean.averagePrecision).toBeGreaterThan(summary.mean.averagePrecision);
});

test("prints the official lines", () => {
  const { summary } = evaluate(all, null, options);
  const now = new Date(2023, 2, 5, 14, 5, 9);
  const { averagePrecision } = measure(...split([...cats, ...cars]));
  const ap = (100 * averagePrecision).toFixed(2);
  const mean = (50 * (averagePrecision + 1)).toFixed(2);
  expect(officialLines(summary, now)).toEqual([
    "2023_03_05_14_05_09",
    `(0 progan    ) acc: 66.67; ap: ${ap}`,
    "(1 biggan    ) acc: 100.00; ap: 100.00",
    `(2 Mean      ) acc: 83.33; ap: ${mean}`,
    "*************************",
  ]);
  const real = evaluate(predictions("", null, [[0, -1]]), null, options);
  expect(officialLines(real.summary, now)[1]).toBe("(0 images    ) acc: 100.00; ap: nan");
});

test("stands beside the paper's row, by generator or by category", () => {
  const evaluation = evaluate(all, null, options);
  const rows = comparisonRows(evaluation.summary, paper);
  expect(rows[0]?.slice(0, 5)).toEqual([
    "acc/AP in %",
    "progan",
    "stylegan",
    "stylegan2",
    "biggan",
  ]);
  expect(rows[1]?.slice(2, 5)).toEqual(["-", "-", "100.0/100.0"]);
  expect(rows[2]).toEqual([
    ...["table 3: LGrad (StyleGAN-bedroom), 1 class", "99.4/99.9", "96.0/99.6", "93.8/99.4"],
    ...["79.5/88.9", "84.7/94.4", "99.5/100.0", "70.9/81.8", "66.7/77.9", "86.3/92.7"],
  ]);
  const byCategory = compareWithPaper(evaluation.summary, paperRow("table2/progan-bedroom")!);
  const cat = byCategory.find(({ name }) => name === "cat");
  expect([cat?.measured?.accuracy, cat?.paper?.accuracy]).toEqual([50, 99.7]);
  expect(byCategory.at(-1)?.measured?.accuracy).toBe(75);
  expect(byCategory.find(({ name }) => name === "dog")?.measured).toBeNull();
  // The classes of a training set are folders of their own.
  const classes = evaluate([...predictions("cat", null, [[1, 2]])], null, options);
  const paperCat = paperRow("table2/progan-bedroom")!;
  const ofClasses = compareWithPaper(classes.summary, paperCat);
  expect(ofClasses.find(({ name }) => name === "cat")?.measured?.accuracy).toBe(100);
  expect(markdown(evaluation, paper)).toMatch(/^\| acc\/AP in % \| progan .*\n\| --- \| ---: \|/);
  expect(terminalTable(evaluation)[2]).toMatch(/^biggan +4 +100\.00 +100\.00 +100\.00 /);
});

test("a validation set chooses the threshold; intervals and CSV say so", () => {
  // Shifted by 2: at 0.5 two real images are called fake.
  const validation = predictions("v", null, [
    [0, 1],
    [0, 1.5],
    [1, 2.5],
    [1, 4],
    [0, -1],
  ]);
  const report = calibrate(validation);
  expect(report).toMatchObject({ images: 5, accuracyAtHalf: 0.6, accuracyAtThreshold: 1 });
  const [low, high] = sigmoid32([1.5, 2.5]);
  expect(report.threshold).toBeGreaterThanOrEqual(low!);
  expect(report.threshold).toBeLessThan(high!);
  const evaluation = evaluate(all, validation, { ...options, bootstrap: 20 });
  // Of biggan's fake images one has logit 2, which is below.
  expect(evaluation.calibrated?.generators[1]?.metrics.accuracy).toBe(
    sigmoid32([2])[0]! > report.threshold ? 1 : 0.75,
  );
  const interval = evaluation.summary.generators[0]?.intervals?.accuracy;
  expect(interval!.low).toBeLessThanOrEqual(4 / 6);
  expect(interval!.high).toBeGreaterThanOrEqual(4 / 6);
  const [head, first, second] = csvText(resultRows(evaluation)).split("\n");
  expect(head?.split(",").length).toBe(first?.split(",").length);
  expect(first).toMatch(/^generator,progan,,3,3,0\.6666666666666666,/);
  expect(second).toMatch(/^category,progan,cat,2,2,0\.5,/);
  const [, image] = csvText(predictionRows(all)).split("\n");
  expect(image).toBe("test/progan/0/0.png,progan,cat,0,17,1,jpeg q=34");
});

test("a page shows the tables, and what was left out, escaped", () => {
  const evaluation = evaluate(all, all, { ...options, bootstrap: 5 });
  const failures = [{ file: "<b>.png", error: "it is broken" }];
  const facts = { device: "test", setting: ["Ten images."], notices: ["Not there."], failures };
  const page = renderReport(evaluationPage(evaluation, { ...facts, paper, scores: "sigmoid" }));
  for (const title of ["Result", "By generator", "ROC", "By category", "Calibration", "Left out"]) {
    expect(page).toContain(`<h2>${title}</h2>`);
  }
  expect(page).toContain("table 3 of the paper");
  expect(page).toContain('<td>biggan</td><td class="number">4</td><td class="number">100.00</td>');
  expect(page).toContain("&#60;b&#62;.png");
  expect(page).not.toContain("<b>.png");
});
