// Shows OpenAPI documents and sends requests to their operations. Text is inserted as text, never
// as markup.

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const text = (name, textContent, className = "") => element(name, { textContent, className });

// Renders markdown within a line as nodes: `code`, **strong**, *emphasis* and links.
const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])|\[([^\]]+)\]\(([^()\s]+)\)/g;

export function inline(source) {
  const nodes = [];
  let end = 0;
  for (const found of source.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, label, href] = found;
    nodes.push(source.slice(end, found.index));
    if (code !== undefined) nodes.push(text("code", code));
    else if (strong !== undefined) nodes.push(element("strong", {}, inline(strong)));
    else if (emphasis !== undefined) nodes.push(element("em", {}, inline(emphasis)));
    else if (/^(https?:\/\/|\/(?!\/)|#)/.test(href)) {
      nodes.push(element("a", { href, rel: "noreferrer" }, inline(label)));
    } else nodes.push(whole);
    end = found.index + whole.length;
  }
  nodes.push(source.slice(end));
  return nodes.filter((node) => node !== "");
}

// Renders blocks: paragraphs, lists, headings and fenced code, recognised by how a line begins.
const LIST = /^\s*(?:[-*]|(\d+)\.)\s+(.*)$/;

export function markdown(source = "") {
  const blocks = [];
  const lines = source.split("\n");
  while (lines.length) {
    const line = lines.shift();
    if (!line.trim()) continue;
    const heading = line.match(/^#{1,6}\s+(.*)$/);
    if (line.startsWith("```")) {
      const end = lines.findIndex((one) => one.startsWith("```"));
      const code = lines.splice(0, end < 0 ? lines.length : end);
      lines.shift();
      blocks.push(text("pre", code.join("\n")));
    } else if (heading) {
      blocks.push(element("h3", {}, inline(heading[1])));
    } else if (LIST.test(line)) {
      const items = [];
      let next = line;
      while (next !== undefined && next.trim()) {
        const item = next.match(LIST);
        if (item) items.push(item[2]);
        else items.push(`${items.pop()} ${next.trim()}`);
        next = lines.shift();
      }
      const name = line.match(LIST)[1] === undefined ? "ul" : "ol";
      blocks.push(element(name, {}, items.map((item) => element("li", {}, inline(item)))));
    } else {
      const paragraph = [line];
      while (lines.length && lines[0].trim() && !LIST.test(lines[0]) && !lines[0].startsWith("```")) {
        paragraph.push(lines.shift());
      }
      blocks.push(element("p", {}, inline(paragraph.join(" "))));
    }
  }
  return blocks;
}

// Builds an example from a schema and follows `$ref`s. A `sent` example omits optional fields that
// have no example.
export function example(schema, api, sent = false, depth = 0) {
  const of = (part) => example(part, api, sent, depth + 1);
  if (!schema || depth > 8) return null;
  if (schema.$ref) return of(api.components.schemas[schema.$ref.split("/").pop()]);
  if (schema.example !== undefined) return schema.example;
  if (schema.examples?.length) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map(of));
  }
  const choices = schema.oneOf || schema.anyOf;
  if (choices) return of(choices.find((choice) => choice.type !== "null"));
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "object": {
      const fields = Object.entries(schema.properties || {}).map(([name, field]) => {
        const value = of(field);
        const needed = !sent || schema.required?.includes(name);
        return [name, value === undefined && needed ? "…" : value];
      });
      const known = fields.filter(([, value]) => value !== undefined);
      return known.length || !sent ? Object.fromEntries(known) : undefined;
    }
    case "array": {
      const item = of(schema.items);
      return item === undefined ? undefined : [item];
    }
  }
  if (sent) return undefined;
  switch (type) {
    case "integer":
    case "number": return 0;
    case "boolean": return false;
    default: return schema.format === "date-time" ? "2026-03-01T12:00:00Z" : "…";
  }
}

// The example of a body: from the document, or built from its schema.
function exampleOf(media, api, sent) {
  const given = media.example ?? Object.values(media.examples || {})[0]?.value;
  return given ?? example(media.schema, api, sent);
}

function shown(content, api) {
  const media = content && Object.values(content)[0];
  return media?.schema ? [text("pre", JSON.stringify(exampleOf(media, api), null, 2))] : [];
}

function pretty(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

// Sends a real request and shows the response: status, headers, body.
function trial(method, server, path, described, api) {
  const inputs = (described.parameters || []).map((parameter) => ({
    parameter,
    input: element("input", { placeholder: String(parameter.example ?? parameter.schema?.example ?? "") }),
  }));
  const content = described.requestBody?.content;
  const type = content && Object.keys(content)[0];
  const editor = type && element("textarea", {
    value: JSON.stringify(exampleOf(content[type], api, true) ?? {}, null, 2),
    spellcheck: false,
  });
  const output = element("pre", { hidden: true });
  const send = element("button", { type: "button", textContent: `Send ${method}` });
  send.addEventListener("click", async () => {
    let address = server + path;
    const query = new URLSearchParams();
    const headers = {};
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") {
        address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      } else if (parameter.in === "query" && input.value) {
        query.set(parameter.name, input.value);
      } else if (parameter.in === "header" && input.value) {
        headers[parameter.name] = input.value;
      }
    }
    const credential = document.getElementById("credential").value.trim();
    if (credential) headers.Authorization = `Bearer ${credential}`;
    if (editor) headers["Content-Type"] = type;
    output.hidden = false;
    output.textContent = "…";
    try {
      const asked = { method, headers, body: editor?.value };
      const answer = await fetch(query.size ? `${address}?${query}` : address, asked);
      const body = await answer.text();
      const head = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      output.textContent = `${answer.status} ${answer.statusText}\n${head}\n\n${pretty(body)}`;
    } catch (error) {
      output.textContent = String(error);
    }
  });
  const fields = inputs.map(({ parameter, input }) => element("label", {}, [text("code", parameter.name), input]));
  if (editor) fields.push(element("label", {}, [text("code", type), editor]));
  return [text("h3", "Try it"), ...fields, send, output];
}

// Lists the allowed values of a parameter, if it has a list.
function choices(schema) {
  const listed = schema?.enum || schema?.items?.enum;
  return listed ? [`One of ${listed.join(", ")}.`] : [];
}

function operation(method, server, path, described, api) {
  const parameters = described.parameters || [];
  const inside = element("div", {}, markdown(described.description));
  if (parameters.length) {
    const rows = parameters.map((parameter) => element("tr", {}, [
      element("td", {}, [text("code", parameter.name + (parameter.required ? " *" : ""))]),
      element("td", {}, inline([parameter.description, ...choices(parameter.schema)].filter(Boolean).join(" "))),
    ]));
    inside.append(text("h3", "Parameters"), element("table", {}, rows));
  }
  if (described.requestBody) {
    inside.append(text("h3", "Body"), ...markdown(described.requestBody.description));
    inside.append(...shown(described.requestBody.content, api));
  }
  for (const [status, answer] of Object.entries(described.responses)) {
    inside.append(element("h3", {}, [`${status} · `, ...inline(answer.description || "")]));
    if (status.startsWith("2")) inside.append(...shown(answer.content, api));
  }
  const streams = described.responses["200"]?.content?.["text/event-stream"];
  if (!streams) inside.append(...trial(method.toUpperCase(), server, path, described, api));
  return element("details", {}, [
    element("summary", {}, [
      text("code", method.toUpperCase(), `method ${method}`),
      text("code", path),
      text("span", described.summary || ""),
    ]),
    inside,
  ]);
}

// Renders one document: its name and description, then its operations by tag.
function section(api, { url, server }) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const tag = described.tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(method, server, path, described, api));
    }
  }
  const made = element("section", {}, [
    element("h1", {}, [`${api.info.title} `, text("small", api.info.version)]),
    ...markdown(api.info.description),
    element("p", { className: "note" }, [
      server ? `At ${server}. ` : "",
      element("a", { href: url, textContent: "OpenAPI 3.1" }),
    ]),
  ]);
  for (const [tag, operations] of groups) {
    const id = tag.replaceAll(" ", "-");
    document.getElementById("contents").append(element("a", { href: `#${id}`, textContent: tag }));
    made.append(element("h2", { id, textContent: tag }), ...operations);
  }
  return made;
}

async function json(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} cannot be read: ${answer.status}`);
  return answer.json();
}

async function show() {
  const documents = await json("/docs/documents.json");
  const sections = await Promise.all(documents.map(async (one) => section(await json(one.url), one)));
  document.getElementById("operations").replaceChildren(...sections);
}

if (globalThis.document?.getElementById("operations")) {
  show().catch((error) => {
    document.getElementById("operations").replaceChildren(text("p", String(error), "note"));
  });
}
