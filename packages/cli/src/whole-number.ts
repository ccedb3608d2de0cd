import { SystemError } from "@ashlar/core";

/** The value of an option that is a count. @throws SystemError argument/invalid. */
export function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new SystemError("argument/invalid", `--${option} ${text} is not possible`, {
    hint: "give a whole number above 0, or leave the option out",
  });
}
