/**
 * Gives the memory of bytes back that nobody needs any longer. What lies outside the heap is otherwise kept until the next
 * full collection, and megabytes of documents pile up. What is small may share its memory with others, and stays.
 */
export function giveBack({ buffer, byteLength }: Buffer): void {
  if (byteLength > 65_536 && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
