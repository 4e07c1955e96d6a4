// Reads {direction, nodes: [{name, width, height, around}], edges: [{from, to}]} from stdin and writes where dagre puts them.
// `direction` is TB or LR: edges lead down, or to the right.
// `around` is the name of the node that a node lies in, or null.

import { readFileSync } from "node:fs";

import dagre from "@dagrejs/dagre";

const asked = JSON.parse(readFileSync(0, "utf8"));
const graph = new dagre.graphlib.Graph({ compound: true, multigraph: true });
const gaps = asked.direction === "TB" ? { nodesep: 24, ranksep: 22, edgesep: 10, ranker: "tight-tree" } : { nodesep: 8, ranksep: 36, edgesep: 3 };
graph.setGraph({ rankdir: asked.direction, marginx: 12, marginy: 12, ...gaps });
graph.setDefaultEdgeLabel(() => ({}));
for (const { name, width, height } of asked.nodes) graph.setNode(name, { width, height });
for (const { name, around } of asked.nodes) if (around !== null) graph.setParent(name, around);
asked.edges.forEach(({ from, to }, index) => graph.setEdge(from, to, {}, String(index)));
dagre.layout(graph);

// dagre aims at the middle of a box; a steep line from the left would then end at the bottom or the top
function ends(from, to, points) {
  if (asked.direction === "TB") return points;
  const [start, end] = [graph.node(from), graph.node(to)];
  return [{ x: start.x + start.width / 2, y: start.y }, ...points.slice(1, -1), { x: end.x - end.width / 2, y: end.y }];
}

const { width, height } = graph.graph();
console.log(JSON.stringify({
  width,
  height,
  nodes: asked.nodes.map(({ name }) => graph.node(name)).map(({ x, y, width, height }) => ({ x, y, width, height })),
  edges: asked.edges.map(({ from, to }, index) => ends(from, to, graph.edge(from, to, String(index)).points).map(({ x, y }) => [x, y])),
}));
