// Receipts as files: the end of the name says in which form.
import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { SystemError } from "@ashlar/core";
import { receiptHtml } from "./receipt/receipt-html.ts";
import { type Receipt, receiptLines } from "./receipt.ts";

const FORMS: Readonly<Record<string, (receipt: Receipt) => string>> = {
  ".json": (receipt) => `${JSON.stringify(receipt, null, 2)}\n`,
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
