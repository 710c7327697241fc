//! What a wasm file asks of its surroundings.
//!
//! Facts: WebAssembly Core Specification 2.0, section 5.5 (modules): sections of an id byte and a length; section 2 is a vector of
//! imports, each module name, field name and description. Numbers are LEB128.

/// One import.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Whom it asks.
    pub(crate) module: String,
    /// For what.
    pub(crate) name: String,
}

/// Lists a file's imports.
///
/// # Errors
/// It is no wasm file, is cut off, or holds an import of a kind that the specification does not know.
pub(crate) fn of(file: &[u8]) -> Result<Vec<Import>, &'static str> {
    let mut reader = Reader { rest: file };
    if reader.take(8)? != b"\0asm\x01\0\0\0" {
        return Err("this is no wasm file of version 1");
    }
    while !reader.rest.is_empty() {
        let id = reader.byte()?;
        let length = reader.number()?;
        let section = reader.take(length)?;
        if id == 2 {
            return Reader { rest: section }.imports();
        }
    }
    Ok(Vec::new())
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn imports(&mut self) -> Result<Vec<Import>, &'static str> {
        let count = self.number()?;
        let mut imports = Vec::new();
        for _ in 0..count {
            let (module, name) = (self.name()?, self.name()?);
            self.description()?;
            imports.push(Import { module, name });
        }
        Ok(imports)
    }

    /// Skips what the import is: a function, table, memory, global or tag.
    fn description(&mut self) -> Result<(), &'static str> {
        match self.byte()? {
            0x00 => self.number().map(drop),
            0x01 => self.byte().and_then(|_| self.limits()),
            0x02 => self.limits(),
            0x03 => self.take(2).map(drop),
            0x04 => self.byte().and_then(|_| self.number()).map(drop),
            _ => Err("an import of unknown kind"),
        }
    }

    fn limits(&mut self) -> Result<(), &'static str> {
        let has_maximum = self.byte()? & 1 == 1;
        self.number()?;
        if has_maximum { self.number().map(drop) } else { Ok(()) }
    }

    fn name(&mut self) -> Result<String, &'static str> {
        let length = self.number()?;
        let bytes = self.take(length)?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn number(&mut self) -> Result<usize, &'static str> {
        let mut value = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).map_err(|_| "a number too large");
            }
        }
        Err("a number too long")
    }

    fn byte(&mut self) -> Result<u8, &'static str> {
        Ok(self.take(1)?[0])
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], &'static str> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("it is cut off")?;
        self.rest = rest;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type section, then imports of a function, a table, a memory with a maximum and a global.
    const FILE: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x04\x01\x60\0\0\
        \x02\x23\x04\
        \x03env\x03abs\x00\x00\
        \x01a\x01t\x01\x70\x00\x05\
        \x01a\x01m\x02\x01\x01\x90\x01\
        \x01a\x01g\x03\x7f\x00";

    #[test]
    fn every_kind_is_read() {
        let imports = of(FILE).unwrap();
        let shown: Vec<String> = imports.iter().map(|import| format!("{}.{}", import.module, import.name)).collect();
        assert_eq!(shown, ["env.abs", "a.t", "a.m", "a.g"]);
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for length in 9..FILE.len() {
            // The end of the type section is the end of a file without imports.
            assert_eq!(of(&FILE[..length]).is_ok(), length == 14, "{length}");
        }
        assert!(of(b"ELF").is_err());
    }
}
