// Reads golden scripts: stanzas of one or more command lines, a line `----`, and the transcript that is
// expected. A transcript that holds empty lines begins with `----` twice and ends the same way.

export interface Command {
  readonly name: string;
  /** `key=value`, `key=(a,b)` and bare words, in their order. */
  readonly options: readonly CommandOption[];
  /** The lines below a command that are not commands themselves: member changes, quorum input. */
  readonly input: readonly string[];
}

export interface CommandOption {
  readonly key: string;
  readonly values: readonly string[];
}

export interface Stanza {
  /** Line number of the first command, for messages. */
  readonly line: number;
  readonly commands: readonly Command[];
  readonly expected: readonly string[];
}

const SEPARATOR = "----";

export function parseScript(text: string): Stanza[] {
  const lines = text.split("\n");
  const stanzas: Stanza[] = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at += 1;
      continue;
    }
    const line = at + 1;
    const head: string[] = [];
    while (at < lines.length && lines[at] !== SEPARATOR) {
      if (!isBlank(lines[at])) head.push(lines[at]!);
      at += 1;
    }
    if (at >= lines.length) throw new Error(`line ${line}: a command without ${SEPARATOR}`);
    const [expected, next] = readExpected(lines, at + 1);
    at = next;
    stanzas.push({ line, commands: parseCommands(head), expected });
  }
  return stanzas;
}

const isBlank = (line: string | undefined): boolean =>
  line === undefined || line.trim() === "" || line.startsWith("#");

function readExpected(lines: readonly string[], start: number): [string[], number] {
  const expected: string[] = [];
  let at = start;
  if (lines[at] === SEPARATOR) {
    at += 1;
    while (at < lines.length && !(lines[at] === SEPARATOR && lines[at + 1] === SEPARATOR)) {
      expected.push(lines[at]!);
      at += 1;
    }
    return [expected, at + 2];
  }
  while (at < lines.length && lines[at]!.trim() !== "") {
    expected.push(lines[at]!);
    at += 1;
  }
  return [expected, at];
}

/** A list of changes, `v1 l2`: input of the command before it. */
const INPUT_LINE = /^(?:[vlru]\d+\s*)+$/;

function parseCommands(lines: readonly string[]): Command[] {
  const commands: { name: string; options: CommandOption[]; input: string[] }[] = [];
  for (const line of lines) {
    const last = commands.at(-1);
    if (last !== undefined && INPUT_LINE.test(line)) last.input.push(line);
    else commands.push({ ...parseCommand(line), input: [] });
  }
  return commands;
}

function parseCommand(line: string): { name: string; options: CommandOption[] } {
  const [name = "", ...rest] = line.match(/[^\s(]+\([^)]*\)|"[^"]*"|\S+/g) ?? [];
  return { name, options: rest.map(parseOption) };
}

function parseOption(word: string): CommandOption {
  const found = /^([\w-]+)=(.*)$/.exec(word);
  if (found === null) return { key: word, values: [] };
  const value = found[2]!;
  const list = /^\((.*)\)$/.exec(value);
  const values = list === null ? [value] : list[1]!.split(",").map((item) => item.trim());
  return { key: found[1]!, values: values.filter((item) => item !== "") };
}

/** The values of an option, or undefined if it is not given. */
export const optionOf = ({ options }: Command, key: string): readonly string[] | undefined =>
  options.find((option) => option.key === key)?.values;

export const flagOf = (command: Command, key: string): boolean =>
  optionOf(command, key)?.[0] === "true";

/** The bare words: member ids, mostly. */
export const wordsOf = ({ options }: Command): string[] =>
  options.filter(({ values }) => values.length === 0).map(({ key }) => key);
