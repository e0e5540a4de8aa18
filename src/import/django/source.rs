//! The files of `manage.py dumpdata`, read a row at a time: a JSON array, or JSON lines.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::{Deserializer, Value};

/// Longest row taken, in bytes. A dump's rows have some hundred.
const MAX_ROW_BYTES: u64 = 1 << 20;

/// A file that is no dump, or is damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}, before byte {byte}: {because}")]
pub struct Broken {
    /// The first row that could not be read, from 1.
    pub row: u64,
    /// How far the file was read.
    pub byte: u64,
    /// What the parser says.
    pub because: String,
}

/// Hands every row to `take`, with its number from 1 and the bytes read so far. The depth of a row is bounded by the
/// parser (128), its length here.
///
/// # Errors
/// [`Broken`] where the JSON ends or is none; the rows before were handed out.
pub fn read(source: impl Read, mut take: impl FnMut(u64, u64, Value)) -> Result<(), Broken> {
    let mut source = BufReader::with_capacity(1 << 16, source);
    let bytes = Rc::new(Bytes::default());
    let mut row = 0;
    let shape = shape(&mut source, &bytes);
    let counted = Counted { source, bytes: Rc::clone(&bytes) };
    let mut each = |value| {
        row += 1;
        bytes.row_began_at.set(bytes.read.get());
        take(row, bytes.read.get(), value);
    };
    let ended = shape.and_then(|shape| match shape {
        Shape::Array => {
            let mut deserializer = Deserializer::from_reader(counted);
            deserializer.deserialize_seq(Rows(&mut each)).and_then(|()| deserializer.end())
        }
        Shape::Lines => Deserializer::from_reader(counted).into_iter().try_for_each(|value| value.map(&mut each)),
    });
    ended.map_err(|error| Broken { row: row + 1, byte: bytes.read.get(), because: error.to_string() })
}

enum Shape {
    Array,
    Lines,
}

/// What the first letter promises.
fn shape(source: &mut impl BufRead, bytes: &Bytes) -> serde_json::Result<Shape> {
    let unlike = |words: &str| Err(serde_json::Error::io(io::Error::other(words.to_owned())));
    loop {
        let first = source.fill_buf().map_err(serde_json::Error::io)?.first().copied();
        match first {
            Some(b'[') => return Ok(Shape::Array),
            Some(b'{') => return Ok(Shape::Lines),
            Some(space) if space.is_ascii_whitespace() => {
                source.consume(1);
                bytes.read.set(bytes.read.get() + 1);
            }
            Some(_) => return unlike("this is no JSON of `manage.py dumpdata`"),
            None => return unlike("the file is empty"),
        }
    }
}

#[derive(Default)]
struct Bytes {
    read: Cell<u64>,
    row_began_at: Cell<u64>,
}

struct Counted<R> {
    source: R,
    bytes: Rc<Bytes>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.read.get() - self.bytes.row_began_at.get() > MAX_ROW_BYTES {
            return Err(io::Error::other("the row is longer than 1 MiB"));
        }
        let length = self.source.read(buffer)?;
        self.bytes.read.set(self.bytes.read.get() + u64::try_from(length).unwrap_or(u64::MAX));
        Ok(length)
    }
}

struct Rows<'a, F>(&'a mut F);

impl<'de, F: FnMut(Value)> Visitor<'de> for Rows<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element()? {
            (self.0)(row);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::{Broken, read};

    fn rows(text: &str) -> Result<Vec<Value>, Broken> {
        let mut rows = Vec::new();
        read(text.as_bytes(), |_, _, row| rows.push(row)).map(|()| rows)
    }

    #[test]
    fn arrays_and_lines_give_the_same_rows() {
        let array = rows(" [{\"a\":1},\n {\"b\":[2]}]\n").unwrap();
        assert_eq!(array, rows("{\"a\":1}\n{\"b\":[2]}\n").unwrap());
        assert_eq!(array.len(), 2);
        assert!(rows("[]").unwrap().is_empty());
    }

    #[test]
    fn a_broken_file_is_named_by_row_and_byte() {
        for (text, row, byte) in [
            ("[{\"a\":1},{\"b\"", 2, 13),
            ("[{\"a\":1}", 2, 8),
            ("[{\"a\":1}] x", 2, 11),
            ("{\"a\":1}\n{\"b\":", 2, 13),
            ("", 1, 0),
            ("  - model: auth.user", 1, 2),
        ] {
            let broken = rows(text).unwrap_err();
            assert_eq!((broken.row, broken.byte), (row, byte), "{text}: {broken}");
        }
    }

    #[test]
    fn depth_and_length_of_a_row_are_bounded() {
        assert!(rows(&format!("[{}", "[".repeat(100_000))).unwrap_err().because.contains("recursion"));
        let long = format!("[{{\"a\":1}}, \"{}\"]", "x".repeat(1 << 21));
        assert!(rows(&long).unwrap_err().because.contains("1 MiB"));
    }
}
