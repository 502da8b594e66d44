export { type LineChart, lineChart, type Series } from "./line-chart.ts";
