import { type Node, nameOf, nodeAt, nodesAt } from "./syntax.ts";

/** The names that a declaration binds: a function, a class, or variables, be they taken out of an object or a list. */
export function declarationsIn(declaration: Node): readonly string[] {
  if (declaration.type !== "VariableDeclaration") return [nameOf(nodeAt(declaration, "id")) ?? []].flat();
  return nodesAt(declaration, "declarations").flatMap((one) => boundBy(nodeAt(one, "id")));
}

/** The names that a pattern binds. */
export function boundBy(pattern: Node | undefined): readonly string[] {
  if (pattern === undefined) return [];
  switch (pattern.type) {
    case "Identifier":
      return [nameOf(pattern) ?? []].flat();
    case "ObjectPattern":
      return nodesAt(pattern, "properties").flatMap((one) =>
        boundBy(nodeAt(one, "value") ?? nodeAt(one, "argument")),
      );
    case "ArrayPattern":
      return nodesAt(pattern, "elements").flatMap(boundBy);
    case "AssignmentPattern":
      return boundBy(nodeAt(pattern, "left"));
    case "RestElement":
      return boundBy(nodeAt(pattern, "argument"));
    case "TSParameterProperty":
      return boundBy(nodeAt(pattern, "parameter"));
    default:
      return [];
  }
}
