(function (page) {
  "use strict";
  var script = document.currentScript;
  if (!script) { return; }
  var only = script.getAttribute("data-block");
  var target = script.getAttribute("data-target");

  function add(parent, name, className) {
    var node = document.createElement(name);
    if (className) { node.className = className; }
    parent.appendChild(node);
    return node;
  }
  function addText(parent, text) {
    add(parent, "bdi").textContent = text;
  }
  function isLink(url) {
    return /^https?:\/\//i.test(url || "");
  }
  function addLink(parent, url, text) {
    if (!isLink(url)) { addText(parent, text); return; }
    var node = add(parent, "a");
    node.setAttribute("href", url);
    node.setAttribute("rel", "noopener noreferrer");
    addText(node, text);
  }
  function addHeadline(list, headline) {
    var item = add(list, "li", "hl-item");
    item.setAttribute("data-site", headline.site);
    if (isLink(headline.image)) {
      var image = add(item, "img", "hl-image");
      image.setAttribute("alt", "");
      image.setAttribute("loading", "lazy");
      image.setAttribute("referrerpolicy", "no-referrer");
      image.setAttribute("src", headline.image);
    }
    addLink(item, headline.url, headline.title);
    if (headline.siteName) {
      item.appendChild(document.createTextNode(" "));
      addText(add(item, "span", "hl-site"), headline.siteName);
    }
    if (headline.time) {
      item.appendChild(document.createTextNode(" "));
      var time = add(item, "time", "hl-time");
      time.setAttribute("datetime", headline.published);
      time.textContent = headline.time;
    }
  }
  function addBlock(parent, block) {
    var section = add(parent, "section", "hl-block");
    section.setAttribute("data-block", block.id);
    section.setAttribute("aria-label", block.title);
    addLink(add(section, "h2", "hl-title"), block.link, block.title);
    var list = add(section, "ul", "hl-list");
    block.headlines.forEach(function (headline) { addHeadline(list, headline); });
  }
  function show() {
    var parent = target ? document.getElementById(target) : script.parentNode;
    if (!parent || parent === document.head) { return; }
    var blocks = document.createDocumentFragment();
    page.blocks.forEach(function (block) {
      if (!only || only === block.id) { addBlock(blocks, block); }
    });
    if (target) { parent.appendChild(blocks); } else { parent.insertBefore(blocks, script); }
  }
  if (target && !document.getElementById(target) && document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", show);
  } else {
    show();
  }
})
