/**
 * TensorFlow's lists of tensors, which its loops read from and write to: a list is no tensor but a way to put a graph
 * together. Joining and parting are said in TensorFlow's own words for tensors.
 */
import type { DefGraph, DefNode } from './graph-def.js';

/** The graph with its list nodes as structure. */
export function readLists(nodes: DefGraph): DefGraph {
  const result = new Map<string, DefNode>();
  for (const node of nodes.values()) {
    for (const replacement of readListNode(node)) result.set(replacement.name, replacement);
  }
  return result;
}

function readListNode(node: DefNode): DefNode[] {
  const [first, second, third] = node.inputs;
  switch (node.type) {
    case 'TensorListReserve':
      return second === undefined
        ? [node]
        : [{ ...node, inputs: [second], structure: { kind: 'list-places' } }];
    case 'TensorListFromTensor': {
      if (first === undefined) return [node];
      const items = `${node.name}/items`;
      return [
        { name: items, type: 'Unpack', inputs: [first], attrs: { axis: 0 } },
        { ...node, inputs: [{ node: items, output: 0 }], structure: { kind: 'list-outputs' } },
      ];
    }
    case 'TensorListGetItem':
      if (first === undefined || second === undefined) return [node];
      return [{ ...node, inputs: [first, second], structure: { kind: 'list-get' } }];
    case 'TensorListSetItem':
      if (third === undefined) return [node];
      return [{ ...node, inputs: node.inputs.slice(0, 3), structure: { kind: 'list-set' } }];
    case 'TensorListStack':
      return first === undefined ? [node] : [{ ...node, type: 'Pack', inputs: [first], attrs: { axis: 0 } }];
    default:
      return [node];
  }
}
