//! [`AddressFile`]: the page's address for other programs, and its token for the daemon after this one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::web::Token;

/// A file that only its owner can read. Who restarts a daemon that has one finds the pages that are still open let in again.
pub(super) struct AddressFile<'a>(pub(super) &'a Path);

impl AddressFile<'_> {
    /// The token of the address that stands there; nothing if anybody else could have read it.
    pub(super) fn token(&self) -> Option<Token> {
        let is_secret = fs::metadata(self.0).is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o077 == 0);
        let address = fs::read_to_string(self.0).ok().filter(|_| is_secret)?;
        Token::parse(address.trim_end().split_once("token=")?.1)
    }

    /// Writes it. A reader finds the old address or the new one.
    pub(super) fn write(&self, address: &str) -> io::Result<()> {
        let mut half = self.0.as_os_str().to_owned();
        half.push(".half");
        let half = PathBuf::from(half);
        let _none_of_a_run_that_was_killed = fs::remove_file(&half);
        let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&half)?;
        writeln!(file, "{address}")?;
        fs::rename(half, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::AddressFile;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_token_is_kept_unless_others_could_read_it() {
        let path = std::env::temp_dir().join(format!("hamadryad-address-{}", std::process::id()));
        let file = AddressFile(&path);
        assert!(file.token().is_none(), "there is no file");
        let digits = "0123456789abcdef".repeat(2);
        for _ in 0..2 {
            file.write(&format!("http://127.0.0.1:8300/?token={digits}")).expect("a file can be made there");
        }
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        assert_eq!(file.token().expect("it is there").to_string(), digits);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("it is ours");
        assert!(file.token().is_none(), "the group could have read it");
        file.write("http://127.0.0.1:8300/").expect("it can be replaced");
        assert!(file.token().is_none(), "there is no token in it");
        fs::remove_file(&path).expect("it is there");
    }
}
