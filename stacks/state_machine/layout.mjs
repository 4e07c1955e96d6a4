// Reads {nodes: [{name, width, height, around}], edges: [{from, to}]} from stdin and writes where dagre puts them.
// `around` is the name of the node that a node lies in, or null.

import { readFileSync } from "node:fs";

import dagre from "@dagrejs/dagre";

const asked = JSON.parse(readFileSync(0, "utf8"));
const graph = new dagre.graphlib.Graph({ compound: true, multigraph: true });
graph.setGraph({ rankdir: "TB", nodesep: 24, ranksep: 22, edgesep: 10, marginx: 12, marginy: 12, ranker: "tight-tree" });
graph.setDefaultEdgeLabel(() => ({}));
for (const { name, width, height } of asked.nodes) graph.setNode(name, { width, height });
for (const { name, around } of asked.nodes) if (around !== null) graph.setParent(name, around);
asked.edges.forEach(({ from, to }, index) => graph.setEdge(from, to, {}, String(index)));
dagre.layout(graph);

const { width, height } = graph.graph();
console.log(JSON.stringify({
  width,
  height,
  nodes: asked.nodes.map(({ name }) => graph.node(name)).map(({ x, y, width, height }) => ({ x, y, width, height })),
  edges: asked.edges.map(({ from, to }, index) => graph.edge(from, to, String(index)).points.map(({ x, y }) => [x, y])),
}));
