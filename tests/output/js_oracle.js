// Reads a JSON list of {script, attributes, where} on standard input, runs each script in a world of
// its own with a document of as few functions as the loader needs, and prints what each left there.
"use strict";
const vm = require("vm");
const fs = require("fs");

const KNOWN = new Set(["className", "textContent"]);

function makeNode(name, registry) {
  const node = {
    name,
    attributes: {},
    children: [],
    parentNode: null,
    appendChild(child) {
      return node.insertBefore(child, null);
    },
    insertBefore(child, before) {
      const incoming = child.name === "#fragment" ? child.children.splice(0) : [child];
      const index = before === null ? node.children.length : node.children.indexOf(before);
      if (index < 0) { throw new Error("not a child"); }
      node.children.splice(index, 0, ...incoming);
      incoming.forEach((one) => { one.parentNode = proxies.get(node) || node; });
      return child;
    },
    setAttribute(key, value) { node.attributes[key] = String(value); },
    getAttribute(key) { return key in node.attributes ? node.attributes[key] : null; },
  };
  const proxy = new Proxy(node, {
    set(target, key, value) {
      if (key === "parentNode") { target.parentNode = value; return true; }
      if (!KNOWN.has(key)) { throw new Error(`sets ${String(key)}`); }
      if (key === "className") { target.attributes.class = value; }
      if (key === "textContent") { target.children = [String(value)]; }
      return true;
    },
  });
  proxies.set(node, proxy);
  registry.push(proxy);
  return proxy;
}
const proxies = new WeakMap();

function tree(node) {
  if (typeof node === "string") { return node; }
  if (node.name === "#text") { return node.text; }
  return [node.name, node.attributes, node.children.map(tree)];
}

function run(given) {
  const registry = [];
  const body = makeNode("body", registry);
  const head = makeNode("head", registry);
  const script = makeNode("script", registry);
  const slot = makeNode("div", registry);
  slot.setAttribute("id", "slot");
  (given.where === "head" ? head : body).appendChild(script);
  let late = null;
  if (given.where !== "late") { body.appendChild(slot); }
  Object.entries(given.attributes || {}).forEach(([key, value]) => script.setAttribute(key, value));
  const document = Object.freeze({
    currentScript: given.where === "module" ? null : script,
    head,
    readyState: given.where === "late" ? "loading" : "complete",
    createElement: (name) => makeNode(name, registry),
    createTextNode: (text) => ({ name: "#text", text: String(text) }),
    createDocumentFragment: () => makeNode("#fragment", registry),
    getElementById: (id) => body.children.find((n) => n.attributes && n.attributes.id === id) || null,
    addEventListener: (name, handler) => { late = handler; },
  });
  const world = vm.createContext({ document });
  const before = Object.keys(world).length;
  vm.runInContext(given.script, world, { timeout: 1000 });
  if (given.where === "late") {
    body.appendChild(slot);
    late();
  }
  if (Object.keys(world).length !== before) { throw new Error("left a global"); }
  return { body: tree(body), head: tree(head) };
}

const results = JSON.parse(fs.readFileSync(0, "utf8")).map((given) => {
  try { return run(given); } catch (error) { return { error: String(error) }; }
});
process.stdout.write(JSON.stringify(results));
