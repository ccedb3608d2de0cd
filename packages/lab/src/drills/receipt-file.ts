// Receipts as files: the end of the name says in which form.
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { SystemError } from "@ashlar/core";
import { receiptHtml } from "./receipt/receipt-html.ts";
import { type Receipt, receiptLines } from "./receipt.ts";

/** An array of numbers, as JSON.stringify spreads it over lines. */
const NUMBERS = /\[\s+(-?\d[-\d.,\s]*?)\s+\]/g;

/** For people too: a timeline is one line, and not a thousand. */
const jsonText = (receipt: Receipt): string =>
  JSON.stringify(receipt, null, 2).replace(NUMBERS, (_, list: string) => {
    return `[${list.replace(/\s+/g, " ")}]`;
  });

const FORMS: Readonly<Record<string, (receipt: Receipt) => string>> = {
  ".json": (receipt) => `${jsonText(receipt)}\n`,
  ".html": receiptHtml,
  ".txt": (receipt) => `${receiptLines(receipt).join("\n")}\n`,
};

/** Before a drill begins. @throws SystemError argument/invalid when no form has that name's end. */
export function checkReceiptPath(path: string): void {
  if (FORMS[extname(path)]) return;
  throw new SystemError("argument/invalid", `${path} is not the name of a receipt`, {
    hint: `give a name that ends in ${Object.keys(FORMS).join(", ")}`,
  });
}

export async function writeReceipt(path: string, receipt: Receipt): Promise<void> {
  checkReceiptPath(path);
  await writeFile(path, FORMS[extname(path)]?.(receipt) ?? "");
}
