// Pictures to upload, made on the spot: the upper half red and the lower half blue, once all is decoded.
import { crc32, deflateSync } from 'node:zlib';

const side = 96;
const red = [220, 20, 20];
const blue = [20, 20, 220];

/** A PNG (W3C, third edition) of true color without alpha. */
export function png() {
  const row = (color) => Buffer.from([0, ...Array.from({ length: side }, () => color).flat()]);
  const rows = Array.from({ length: side }, (_, y) => row(y < side / 2 ? red : blue));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunks = [['IHDR', header], ['IDAT', deflateSync(Buffer.concat(rows))], ['IEND', Buffer.alloc(0)]];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks.map(([name, data]) => chunk(name, data))]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A JPEG as a phone held sideways writes it: stored with red on the left, and the note to turn it clockwise (Exif 6). */
export async function turnedJpeg(page) {
  const encoded = await page.evaluate(([size, left, right]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: size, height: size });
    const pen = canvas.getContext('2d');
    for (const [color, x] of [[left, 0], [right, size / 2]]) {
      pen.fillStyle = `rgb(${color})`;
      pen.fillRect(x, 0, size / 2, size);
    }
    return canvas.toDataURL('image/jpeg', 0.95).split(',')[1];
  }, [side, red, blue]);
  const plain = Buffer.from(encoded, 'base64');
  return Buffer.concat([plain.subarray(0, 2), exif(6), plain.subarray(2)]);
}

/** An APP1 segment that holds the orientation, and a maker's name that must not be passed on. */
function exif(orientation) {
  const entries = Buffer.concat([
    Buffer.from([0, 2]),
    Buffer.from([0x01, 0x0f, 0, 2, 0, 0, 0, 4]), Buffer.from('CAM\0'),
    Buffer.from([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]),
    Buffer.alloc(4),
  ]);
  const body = Buffer.concat([Buffer.from('Exif\0\0MM\0*\0\0\0\x08', 'latin1'), entries]);
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}

export const svg = () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>');

/** Whether the picture at `url` shows red above blue, seen by a browser's own eyes. */
export function isUpright(page, bytes) {
  return page.evaluate(async (encoded) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${encoded}`)).blob());
    const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
    const pen = canvas.getContext('2d');
    pen.drawImage(picture, 0, 0);
    const [top, bottom] = [0.25, 0.75].map((at) => pen.getImageData(picture.width / 2, picture.height * at, 1, 1).data);
    return top[0] > 150 && top[2] < 100 && bottom[2] > 150 && bottom[0] < 100;
  }, bytes.toString('base64'));
}
