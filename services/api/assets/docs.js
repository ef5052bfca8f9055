// Shows /openapi.json. Text goes in as text, never as markup.
"use strict";

function element(name, properties = {}, children = []) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const text = (name, textContent, className = "") => element(name, { textContent, className });

// A schema as an example of itself, with `$ref`s followed.
function example(schema, api, depth = 0) {
  if (!schema || depth > 8) return null;
  if (schema.$ref) {
    return example(api.components.schemas[schema.$ref.split("/").pop()], api, depth + 1);
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => example(part, api, depth + 1)));
  }
  const choices = schema.oneOf || schema.anyOf;
  if (choices) {
    return example(choices.find((choice) => choice.type !== "null"), api, depth + 1);
  }
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  switch (type) {
    case "object": {
      const fields = Object.entries(schema.properties || {});
      return Object.fromEntries(fields.map(([name, field]) => [name, example(field, api, depth + 1)]));
    }
    case "array": return [example(schema.items, api, depth + 1)];
    case "integer":
    case "number": return 0;
    case "boolean": return false;
    default: return schema.format === "date-time" ? "2026-03-01T12:00:00Z" : "…";
  }
}

function shown(content, api) {
  const schema = content && Object.values(content)[0]?.schema;
  return schema ? [text("pre", JSON.stringify(example(schema, api), null, 2))] : [];
}

// Asks the api for real, and shows what it answers.
function trial(method, path, parameters) {
  const inputs = parameters.map((parameter) => ({
    parameter,
    input: element("input", { placeholder: String(parameter.example ?? parameter.schema?.example ?? "") }),
  }));
  const output = element("pre", { hidden: true });
  const send = element("button", { type: "button", textContent: "Send" });
  send.addEventListener("click", async () => {
    let address = path;
    const query = new URLSearchParams();
    for (const { parameter, input } of inputs) {
      if (parameter.in === "path") {
        address = address.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      } else if (parameter.in === "query" && input.value) {
        query.set(parameter.name, input.value);
      }
    }
    const credential = document.getElementById("credential").value.trim();
    const headers = credential ? { Authorization: `Bearer ${credential}` } : {};
    output.hidden = false;
    output.textContent = "…";
    try {
      const answer = await fetch(query.size ? `${address}?${query}` : address, { method, headers });
      const body = await answer.text();
      const source = answer.headers.get("Server-Timing");
      const head = `${answer.status} ${answer.statusText}${source ? `\nServer-Timing: ${source}` : ""}`;
      let pretty = body;
      try { pretty = JSON.stringify(JSON.parse(body), null, 2); } catch { /* not JSON */ }
      output.textContent = `${head}\n\n${pretty}`;
    } catch (error) {
      output.textContent = String(error);
    }
  });
  const fields = inputs.map(({ parameter, input }) => element("label", {}, [text("code", parameter.name), input]));
  return [text("h3", "Try it"), ...fields, send, output];
}

// What a parameter may be, where that is a list.
function choices(schema) {
  const listed = schema?.enum || schema?.items?.enum;
  return listed ? [`One of ${listed.join(", ")}.`] : [];
}

function operation(method, path, described, api) {
  const parameters = described.parameters || [];
  const inside = element("div");
  if (described.description) inside.append(text("p", described.description));
  if (parameters.length) {
    const rows = parameters.map((parameter) => element("tr", {}, [
      element("td", {}, [text("code", parameter.name + (parameter.required ? " *" : ""))]),
      text("td", [parameter.description, ...choices(parameter.schema)].filter(Boolean).join(" ")),
    ]));
    inside.append(text("h3", "Parameters"), element("table", {}, rows));
  }
  if (described.requestBody) {
    inside.append(text("h3", "Body"), ...shown(described.requestBody.content, api));
  }
  for (const [status, answer] of Object.entries(described.responses)) {
    inside.append(text("h3", `${status} · ${answer.description}`));
    if (status.startsWith("2")) inside.append(...shown(answer.content, api));
  }
  const streams = path.endsWith("/live");
  if (method === "get" && !streams) inside.append(...trial(method.toUpperCase(), path, parameters));
  return element("details", {}, [
    element("summary", {}, [
      text("code", method.toUpperCase(), `method ${method}`),
      text("code", path),
      text("span", described.summary || ""),
    ]),
    inside,
  ]);
}

async function show() {
  const main = document.getElementById("operations");
  const answer = await fetch("/openapi.json");
  if (!answer.ok) throw new Error(`the description cannot be read: ${answer.status}`);
  const api = await answer.json();
  document.getElementById("version").textContent = api.info.version;
  document.getElementById("about").textContent = api.info.description || "";
  const groups = new Map();
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, described] of Object.entries(methods)) {
      const tag = described.tags?.[0] || "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operation(method, path, described, api));
    }
  }
  main.replaceChildren();
  for (const [tag, operations] of groups) {
    const id = tag.replaceAll(" ", "-");
    document.getElementById("contents").append(element("a", { href: `#${id}`, textContent: tag }));
    main.append(element("h2", { id, textContent: tag }), ...operations);
  }
}

show().catch((error) => {
  document.getElementById("operations").replaceChildren(text("p", String(error), "note"));
});
