// A receipt as one HTML file that needs nothing else: to be mailed, printed, or read on a phone in a server room.
import type { Impact, ImpactSeries } from "../faults/impact.ts";
import { NOTED_MIN_MS } from "../faults/stall-meter.ts";
import type { Finding, Receipt, StepReport } from "../receipt.ts";
import {
  bytesText,
  MISSED,
  redundancyText,
  secondsText,
  timerVerdict,
  UNDECIDING,
} from "./impact-text.ts";
import { Markup, markup, NOTHING } from "./markup.ts";
import { STYLE } from "./receipt-style.ts";
import { timelineChart } from "./timeline-chart.ts";

type Cell = string | number | Markup;

interface Column {
  readonly heading: string;
  readonly isNumber?: boolean;
}

const column = (heading: string): Column => ({ heading });
const numbers = (heading: string): Column => ({ heading, isNumber: true });
const classOf = (one: Column | undefined): Markup =>
  one?.isNumber ? markup` class="number"` : NOTHING;

function table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): Markup {
  const head = columns.map((one) => markup`<th${classOf(one)}>${one.heading}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, at) => {
      return markup`<td${classOf(columns[at])}>${cell}</td>`;
    });
    return markup`<tr>${cells}</tr>`;
  });
  return markup`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const tile = (value: string, text: string): Markup =>
  markup`<div class="tile"><b>${value}</b><span>${text}</span></div>`;

const judged = (text: string, kind: "good" | "bad" | "warn"): Markup =>
  markup`<b class="${kind}">${text}</b>`;

function tiles(impact: Impact): Markup {
  const stalls = impact.rounds.map(({ stallMs }) => stallMs);
  const sum = (of: (volume: Impact["volumes"][number]) => number): string =>
    String(impact.volumes.reduce((all, volume) => all + of(volume), 0));
  return markup`<div class="tiles">
${tile(secondsText(Math.max(0, ...stalls)), "longest stall of a volume")}
${tile(
  sum(({ errors }) => errors),
  "errors at the initiator",
)}
${tile(
  sum(({ lost, stale, wrong, torn }) => lost + stale + wrong + torn),
  "blocks lost, stale, wrong or torn",
)}
${tile(redundancyText(impact.redundancyMs), "from the fault's end to full redundancy")}
${tile(bytesText(impact.copied.bytes), "copied between nodes")}
</div>`;
}

function rounds({ rounds: all }: Impact): Markup {
  const columns = [numbers("Round"), column("Fault"), column("Seen by the cluster")];
  const rows = all.map(({ round, fault, trace, stallMs, redundancyMs }) => [
    round,
    fault,
    trace ?? judged("nothing of it", "bad"),
    secondsText(stallMs),
    redundancyText(redundancyMs),
  ]);
  return markup`<section><h2>Rounds</h2>${table(
    [...columns, numbers("Longest stall"), numbers("Whole again after")],
    rows,
  )}</section>`;
}

const KEY: readonly (readonly [color: string, text: string])[] = [
  ["done", "operations completed"],
  ["bad", "nothing answered"],
  ["down", "no session"],
  ["fault", "the fault lasts"],
  ["good", "no copy is missing any more"],
];

function charts(impact: Impact): Markup {
  const key = KEY.map(
    ([color, text]) => markup`<span><i style="background:var(--${color})"></i>${text}</span>`,
  );
  const all = impact.volumes.map(
    ({ name, replicas }) =>
      markup`<h3>${name}, ${replicas} copies</h3><div class="wide">${timelineChart(impact, name)}</div>`,
  );
  return markup`<section><h2>Timeline</h2><p class="key">${key}</p>${all}</section>`;
}

function data({ volumes }: Impact): Markup {
  const columns = [
    column("Volume"),
    ...["Operations", "Errors", "Blocks checked", "Lost", "Stale", "Wrong", "Torn"].map(numbers),
  ];
  const rows = volumes.map((one) => [
    one.name,
    one.operations,
    one.errors,
    one.blocksChecked,
    one.lost,
    one.stale,
    one.wrong,
    one.torn,
  ]);
  return markup`<section><h2>Data</h2>${table(columns, rows)}</section>`;
}

function stallRows({
  volume,
  path,
  longest,
  medianMs,
  slowest,
  down,
  stalls,
}: ImpactSeries): Cell[] {
  const away = down.reduce((sum, { ms }) => sum + ms, 0);
  return [
    volume,
    path,
    secondsText(longest.ms),
    secondsText(medianMs),
    secondsText(slowest.ms),
    String(stalls.length),
    secondsText(away),
  ];
}

function stalls({ series }: Impact): Markup {
  const columns = [
    column("Volume"),
    column("Path"),
    ...[
      "Longest",
      "Median of rounds",
      "Slowest command",
      `From ${secondsText(NOTED_MIN_MS)} on`,
      "No session",
    ].map(numbers),
  ];
  const list = series.flatMap(({ volume, path, stalls: all }) =>
    all.map(({ atMs, ms }) => [volume, path, secondsText(atMs), secondsText(ms)]),
  );
  const all = list.length === 0 ? NOTHING : stallList(list);
  return markup`<section><h2>Stalls</h2>${table(columns, series.map(stallRows))}${all}</section>`;
}

const stallList = (rows: readonly (readonly Cell[])[]): Markup =>
  markup`<h3>Each one from ${secondsText(NOTED_MIN_MS)} on</h3>${table(
    [column("Volume"), column("Path"), numbers("From"), numbers("Length")],
    rows,
  )}`;

function timers({ timers: all }: Impact): Markup {
  const columns = [column("Host"), column("Setting"), column("What it does"), numbers("Default")];
  const rows = all.map((timer) => {
    const kind = timer.within ? "good" : timer.decides ? "bad" : "warn";
    return [
      timer.host,
      timer.setting,
      timer.meaning,
      secondsText(timer.limitMs),
      timer.measured,
      secondsText(timer.measuredMs),
      judged(timerVerdict(timer), kind),
    ];
  });
  const note = all.some(({ within, decides }) => !within && !decides)
    ? markup`<p class="muted">Exceeded without FAIL: ${UNDECIDING}.</p>`
    : NOTHING;
  return markup`<section><h2>Default timers of hosts</h2>${table(
    [...columns, column("Measured"), numbers("Was"), column("Verdict")],
    rows,
  )}${note}</section>`;
}

function goals({ goals: all }: Impact): Markup {
  const rows = all.map(({ name, goalMs, measuredMs, met }) => [
    name,
    secondsText(goalMs),
    secondsText(measuredMs),
    judged(met ? "met" : "missed", met ? "good" : "warn"),
  ]);
  const note = all.some(({ met }) => !met) ? markup`<p class="muted">${MISSED}.</p>` : NOTHING;
  const columns = [column("Goal"), numbers("Below"), numbers("Was"), column("Verdict")];
  return markup`<section><h2>Goals of the project</h2>${table(columns, rows)}${note}</section>`;
}

const findingRow = (finding: Finding): Cell[] => [
  [finding.disk, finding.host, finding.path].join(", "),
  finding.at ?? "",
  finding.command,
  finding.expected,
  finding.found,
];

function steps(all: readonly StepReport[]): Markup {
  const columns = [column("Step"), column("What"), numbers("Time"), column("Verdict")];
  const rows = all.map(({ name, title, ms, verdict, commands }) => [
    name,
    [title, ...commands.map(commandText)].join("; "),
    secondsText(ms),
    judged(verdict, verdict === "pass" ? "good" : "bad"),
  ]);
  const findings = all.flatMap((step) => step.findings.map(findingRow));
  const more = all.reduce((sum, step) => sum + step.findingsTotal - step.findings.length, 0);
  const heads = ["Place", "Time", "What", "Expected", "Found"].map(column);
  const found =
    findings.length === 0
      ? NOTHING
      : markup`<section><h2>Findings</h2>${table(heads, findings)}<p class="muted">${
          more > 0 ? `and ${more} more` : ""
        }</p></section>`;
  return markup`${found}<section><h2>Steps</h2>${table(columns, rows)}</section>`;
}

const commandText = ({ kind, count, slowest, slowestMs }: StepReport["commands"][number]): string =>
  `${kind}: ${count} commands, slowest ${secondsText(slowestMs)} (${slowest})`;

const impactSections = (impact: Impact): Markup =>
  markup`${tiles(impact)}${charts(impact)}${rounds(impact)}${data(impact)}${timers(impact)}${goals(impact)}${stalls(impact)}
<p class="muted">Copied bytes: ${impact.copied.source}.</p>`;

function settings({ initiator, setting, startedAt, seconds }: Receipt): Markup {
  const facts: readonly (readonly [name: string, value: string])[] = [
    ["begun", `${startedAt}, took ${seconds.toFixed(1)} s`],
    ["initiator", initiator],
    ...Object.entries(setting).map(([name, value]) => {
      return [name, typeof value === "object" ? value.join(", ") : String(value)] as const;
    }),
  ];
  return markup`<dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

export function receiptHtml(receipt: Receipt): string {
  const { drill, verdict, impact } = receipt;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${drill}: ${verdict}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<header><h1>Drill ${drill}</h1><span class="verdict ${verdict === "PASS" ? "good" : "bad"}">${verdict}</span></header>
${settings(receipt)}
${impact ? impactSections(impact) : NOTHING}
${steps(receipt.steps)}
</body>
</html>
`;
  return page.text;
}
