type Content = string | { readonly link: string } | { readonly claims: number };

/** A tar of texts and symbolic links. What `claims` a size has a header of that size and no content. */
export function tarOf(files: Readonly<Record<string, Content>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const text = Buffer.from(typeof content === "string" ? content : "");
    const size = typeof content === "object" && "claims" in content ? content.claims : text.length;
    const link = typeof content === "object" && "link" in content ? content.link : "";
    const header = Buffer.alloc(512);
    header.write(path, 0, 100);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write(" ".repeat(8), 148);
    header.write(link === "" ? "0" : "2", 156);
    header.write(link, 157, 100);
    header.write("ustar\u000000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, text, Buffer.alloc((512 - (text.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1_024)]);
}
