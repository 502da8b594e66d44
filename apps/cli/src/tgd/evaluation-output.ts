/*
 * What an evaluation of T-GD leaves: the files of --out, and the same as one JSON value.
 */
import path from "node:path";
import { writeFileAtomic } from "../io/atomic-write.ts";
import { renderReport } from "../report/html.ts";
import { fileError } from "../session/files.ts";
import { csvText } from "../terminal/csv.ts";
import type { RankedBy, ScoredSet, TgdEvaluation } from "./evaluation.ts";
import { tgdEvaluationPage } from "./evaluation-page.ts";
import { evaluationCsv, evaluationMarkdown, predictionRows } from "./evaluation-text.ts";

/** What an evaluation was of. */
export interface EvaluationFacts {
  readonly model: string;
  /** As it was given; null for none. */
  readonly before: string | null;
  readonly device: string;
  readonly scores: RankedBy;
  readonly sets: readonly ScoredSet[];
  readonly failures: readonly { readonly file: string; readonly error: string }[];
}

/** Writes all files of an evaluation. @throws {FileError} if the disk refuses */
export async function writeTgdEvaluation(
  out: string,
  evaluation: TgdEvaluation,
  facts: EvaluationFacts,
): Promise<void> {
  const page = tgdEvaluationPage(evaluation, { ...facts, setting: settingOf(facts) });
  const files = {
    "predictions.csv": csvText(predictionRows(facts.sets)),
    "results.csv": csvText(evaluationCsv(evaluation)),
    "results.json": `${JSON.stringify(evaluationJson(evaluation, facts), null, 2)}\n`,
    "table.md": evaluationMarkdown(evaluation),
    "report.html": renderReport(page),
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(out, name);
    await writeFileAtomic(file, text).catch((cause: unknown) => {
      throw fileError("write", file, cause);
    });
  }
}

function settingOf({ model, before, sets }: EvaluationFacts): string[] {
  const counts = sets.map(({ name, predictions }) => `${name} ${predictions.length}`);
  return [
    `Images of ${counts.join(", ")}, judged by ${path.basename(path.dirname(model))}/` +
      `${path.basename(model)}.`,
    ...(before === null ? [] : [`Before the transfer: ${path.basename(before)}.`]),
  ];
}

/** Everything but the predictions, which have a file of their own. */
export function evaluationJson(evaluation: TgdEvaluation, facts: EvaluationFacts) {
  const { robustness, paper, ...rest } = evaluation;
  const { model, before: given, device, scores, failures } = facts;
  return {
    ...{ model, device, scores, failures, beforeOf: given },
    ...rest,
    robustness: robustness.map(({ name, aurocs }) => ({ name, ...Object.fromEntries(aurocs) })),
    paper: paper === null ? null : { ...paper, cells: Object.fromEntries(paper.cells) },
  };
}
