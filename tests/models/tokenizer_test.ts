import {
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertThrows,
} from "../../std/assert.ts";
import { splitWords } from "../../models/tokenizer/byte_level.ts";
import { Tokenizer, type TokenizerJson, trainTokenizer } from "../../models/tokenizer/tokenizer.ts";

const texts = Array.from(
  { length: 40 },
  (_, i) =>
    `The taxi is at row ${i % 5}, column ${i % 7}. The passenger waits at ${
      ["Red", "Green", "Yellow", "Blue"][i % 4]
    }. # Analyze: I'd go north, then south. # Actions: 0 south 13 pick up`,
);
const labels = Array.from({ length: 100 }, (_, i) => ` ${i}`)
  .concat([" a", " south"]);
const trained = trainTokenizer(texts, { vocabularySize: 420, labels });
const tokenizer = Tokenizer.fromJson(trained);

Deno.test("the vocabulary has the size asked for, or less from little data", () => {
  assertEquals(tokenizer.vocabularySize, 420);
  assertEquals(tokenizer.endOfText, 0);
  const few = trainTokenizer(["abc abc"], { vocabularySize: 512, labels: [] });
  // The end of text, 256 bytes, "ab", "abc" in some order of merging; " abc" occurs once.
  assertEquals(Tokenizer.fromJson(few).vocabularySize, 259);
});

Deno.test("training shortens what it was trained on", () => {
  const text = texts[0] ?? "";
  const untrained = Tokenizer.fromJson(
    trainTokenizer([], { vocabularySize: 512, labels }),
  );
  assertLess(
    tokenizer.encode(text).length,
    0.5 * untrained.encode(text).length,
  );
});

Deno.test("merges stay within the words GPT-2 cuts", () => {
  assertEquals(
    splitWords("I'd say it's  row12, 3!?\n\n we'll"),
    ["I", "'d", " say", " it", "'s", " ", " row", "12", ",", " 3", "!?"]
      .concat(["\n\n", " we", "'ll"]),
  );
});

Deno.test("any text comes back as it was", () => {
  const samples = [
    "",
    " ",
    "  two  spaces \n\n\ttabs\r\n",
    "naïve café – “quotes” … 1234567890",
    "日本語 русский العربية हिन्दी 🤖👩‍👩‍👧 \u0000\u001f\u007f\u00ad\ufeff",
    "I'll we're 'tis don't don't'",
  ];
  // A fixed walk through the planes of Unicode, surrogates left out.
  let seed = 12345;
  for (let n = 0; n < 50; n++) {
    let text = "";
    for (let i = 0; i < 40; i++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      const code = seed % (i % 2 ? 0x250 : 0x110000);
      if (code < 0xd800 || code > 0xdfff) text += String.fromCodePoint(code);
    }
    samples.push(text);
  }
  for (const text of samples) {
    assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  }
});

Deno.test("every label is one token, alone and within text", () => {
  for (const label of labels) {
    const token = tokenizer.labelToken(label);
    assertEquals(tokenizer.decode([token]), label);
    const ids = tokenizer.encode(`go${label}, or${label} # Action:${label}`);
    assertEquals(ids.filter((id) => id === token).length, 3, label);
  }
});

Deno.test("labels that share letters do not tear each other apart", () => {
  const tricky = ["ab", "bc", "abc", "b", "bab", "aab", " 1", " 11", " 111"];
  const own = Tokenizer.fromJson(
    trainTokenizer(["abab bab ".repeat(50)], {
      vocabularySize: 300,
      labels: tricky,
    }),
  );
  assertEquals(new Set(tricky.map((label) => own.labelToken(label))).size, 9);
});

Deno.test("a label that cannot be one token is refused", () => {
  for (const label of ["pick up", "", " a1", "  7"]) {
    assertThrows(
      () => trainTokenizer([], { vocabularySize: 300, labels: [label] }),
      RangeError,
      "cannot be one token",
    );
  }
  assertThrows(
    () => trainTokenizer([], { vocabularySize: 300, labels }),
    RangeError,
    "too small",
  );
  assertThrows(
    () => tokenizer.labelToken(" xylophone"),
    RangeError,
    "must be exactly one token",
  );
});

Deno.test("training does not depend on the order of the texts", () => {
  const again = trainTokenizer(texts.toReversed(), {
    vocabularySize: 420,
    labels,
  });
  assertEquals(JSON.stringify(again), JSON.stringify(trained));
  const equals = ["ab", "cd", "ef", "gh", "ij", "ba"].flatMap((w) => [w, w]);
  const train = (words: string[]) =>
    trainTokenizer(words, { vocabularySize: 260, labels: [] }).model.merges;
  assertEquals(train(equals.toReversed()), train(equals));
  const other = trainTokenizer(texts.slice(0, 3), {
    vocabularySize: 420,
    labels,
  });
  assertNotEquals(JSON.stringify(other), JSON.stringify(trained));
});

Deno.test("the end of text is one token that gives no text", () => {
  assertEquals(tokenizer.encode("<|endoftext|>"), [tokenizer.endOfText]);
  const ids = tokenizer.encode("a<|endoftext|>b");
  assertEquals(ids.length, 3);
  assertEquals(tokenizer.decode(ids), "ab");
});

Deno.test("ids and files that are not of the tokenizer are refused", () => {
  assertThrows(() => tokenizer.decode([420]), RangeError, "0 to 419");
  const broken: TokenizerJson = JSON.parse('{"model":{"type":"BPE"}}');
  assertThrows(
    () => Tokenizer.fromJson(broken, "m/tokenizer.json"),
    TypeError,
    "m/tokenizer.json is not a tokenizer",
  );
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${folder}/tokenizer.json`, "{");
  assertThrows(() => Tokenizer.load(folder), TypeError, "is not JSON");
});

Deno.test("it agrees with the Python package tokenizers", () => {
  const fixture: {
    tokenizer: TokenizerJson;
    cases: { text: string; ids: number[]; decoded: string }[];
  } = JSON.parse(
    Deno.readTextFileSync(
      new URL("../fixtures/tokenizer.json", import.meta.url),
    ),
  );
  const own = Tokenizer.fromJson(fixture.tokenizer);
  assertGreater(fixture.cases.length, 10);
  for (const { text, ids, decoded } of fixture.cases) {
    assertEquals(own.encode(text), ids, JSON.stringify(text));
    assertEquals(own.decode(ids), decoded);
  }
});
