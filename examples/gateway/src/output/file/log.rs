//! Lines that are appended to a file. When a regular file is large enough it becomes `PATH.1`, that
//! one `PATH.2`, and so on; the oldest goes.
//!
//! All of this may block, so it is done on a thread of its own.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use tracing::warn;

use crate::config::FileOptions;

pub(super) struct Log {
    path: PathBuf,
    /// `None` while nobody reads a named pipe.
    file: Option<fs::File>,
    /// Where it cannot be cut off, what was written in part stays.
    is_regular: bool,
    size: u64,
    /// Whether the last line may not be whole.
    is_torn: bool,
    /// At which size another one is begun.
    rotate_at: u64,
    options: FileOptions,
}

impl Log {
    pub(super) fn open(path: &Path, options: &FileOptions) -> io::Result<Self> {
        let mut log = Self {
            path: path.into(),
            file: None,
            is_regular: false,
            size: 0,
            is_torn: false,
            rotate_at: options.rotate_size as u64,
            options: options.clone(),
        };
        if !log.is_pipe() {
            log.reopen()?;
        }
        Ok(log)
    }

    /// If it cannot be opened, all stays as it was.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        self.try_reopen().map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", self.path.display()))
        })
    }

    fn try_reopen(&mut self) -> io::Result<()> {
        if self.is_pipe() {
            // Without waiting for somebody who reads.
            let flags = OFlags::NONBLOCK.bits().cast_signed();
            let file = OpenOptions::new().write(true).custom_flags(flags).open(&self.path);
            let file = file.map_err(|error| match error.raw_os_error() {
                Some(code) if code == rustix::io::Errno::NXIO.raw_os_error() => {
                    io::Error::new(io::ErrorKind::NotConnected, "nobody reads the pipe")
                }
                _ => error,
            })?;
            fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
            (self.file, self.is_regular) = (Some(file), false);
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        let file = match options.clone().read(true).open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                options.open(&self.path)?
            }
            file => file?,
        };
        self.is_regular = file.metadata()?.is_file();
        self.size = file.metadata()?.len();
        self.is_torn = self.is_regular && self.size > 0 && !ends_with_newline(&file);
        self.file = Some(file);
        Ok(())
    }

    fn is_pipe(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|data| data.file_type().is_fifo())
    }

    /// Writes whole lines.
    pub(super) fn write(&mut self, mut lines: Vec<u8>) -> io::Result<()> {
        if self.size > 0 && self.size + lines.len() as u64 > self.rotate_at && self.may_rotate() {
            self.rotate();
        }
        if self.file.is_none() {
            self.reopen()?;
        }
        if self.is_torn {
            // The rest of another line must not become part of the first.
            lines.insert(0, b'\n');
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        if let Err(error) = file.write_all(&lines).and_then(|()| file.flush()) {
            if self.is_regular {
                // A part of it may be there, which would make a torn line.
                self.is_torn |= file.set_len(self.size).is_err();
            } else {
                // The rest of a line in a pipe is gone with whoever read it.
                (self.file, self.is_torn) = (None, !self.is_pipe());
            }
            return Err(error);
        }
        self.is_torn = false;
        self.size += lines.len() as u64;
        Ok(())
    }

    /// Only what bears this name itself: not a link to a device, or to what others write.
    fn may_rotate(&self) -> bool {
        self.is_regular && fs::symlink_metadata(&self.path).is_ok_and(|data| data.is_file())
    }

    /// If it fails, the file grows on, and after so much more it is tried again.
    fn rotate(&mut self) {
        match self.move_away().and_then(|()| self.reopen()) {
            Ok(()) => self.rotate_at = self.options.rotate_size as u64,
            Err(error) => {
                warn!(%error, path = %self.path.display(), "cannot rotate the file: it grows on");
                self.rotate_at = self.size.saturating_add(self.options.rotate_size as u64);
            }
        }
    }

    fn move_away(&mut self) -> io::Result<()> {
        let numbered = |n| match n {
            0 => self.path.clone(),
            n => {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{n}"));
                name.into()
            }
        };
        self.sync()?;
        for n in (0..self.options.rotate_keep).rev() {
            match fs::rename(numbered(n), numbered(n + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.options.rotate_keep == 0 {
            fs::remove_file(&self.path)?;
        }
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.file {
            Some(file) if self.is_regular => file.sync_all(),
            _ => Ok(()),
        }
    }
}

/// One that cannot be read may not.
fn ends_with_newline(mut file: &fs::File) -> bool {
    let mut last = [0];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last == *b"\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }

        fn file(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_rotation_that_fails_stops_nothing_and_is_tried_again() {
        let folder = Folder::new("rotation");
        let path = folder.file("out");
        // No file can have that name then, whoever tries.
        fs::create_dir_all(folder.file("out.1").join("taken")).unwrap();
        let options = FileOptions { rotate_size: 10, rotate_keep: 1 };
        let mut log = Log::open(&path, &options).unwrap();
        for _ in 0..5 {
            log.write(b"12345\n".to_vec()).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"12345\n".repeat(5));
        fs::remove_dir_all(folder.file("out.1")).unwrap();
        log.write(b"12345\n".to_vec()).unwrap();
        let lines = |name| fs::read_to_string(folder.file(name)).unwrap().lines().count();
        assert_eq!((lines("out"), lines("out.1")), (1, 5));
    }

    #[test]
    fn a_link_is_not_rotated() {
        let folder = Folder::new("link");
        let path = folder.file("link");
        std::os::unix::fs::symlink(folder.file("elsewhere"), &path).unwrap();
        let options = FileOptions { rotate_size: 1, rotate_keep: 1 };
        let mut log = Log::open(&path, &options).unwrap();
        for _ in 0..3 {
            log.write(b"1\n".to_vec()).unwrap();
        }
        assert_eq!(fs::read(folder.file("elsewhere")).unwrap(), b"1\n1\n1\n");
    }

    #[test]
    fn a_torn_line_stays_one_by_itself() {
        let folder = Folder::new("torn");
        let path = folder.file("out");
        let options = FileOptions { rotate_size: 1000, rotate_keep: 1 };
        for (before, after) in [("torn", "torn\nnew\n"), ("whole\n", "whole\nnew\n"), ("", "new\n")]
        {
            fs::write(&path, before).unwrap();
            Log::open(&path, &options).unwrap().write(b"new\n".to_vec()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), after);
        }
    }
}
