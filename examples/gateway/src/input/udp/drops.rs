//! How many datagrams the system has dropped before they could be read, since its buffer was full.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;

/// What the system says of one socket; where it says nothing, there is nothing to count.
pub(super) struct Drops {
    inode: Option<u64>,
    counted: u64,
}

impl Drops {
    pub(super) fn of(socket: BorrowedFd<'_>) -> Self {
        let file = format!("/proc/self/fd/{}", socket.as_raw_fd());
        Self { inode: std::fs::metadata(file).ok().map(|metadata| metadata.ino()), counted: 0 }
    }

    /// How many there are more than the last time.
    pub(super) fn more(&mut self) -> u64 {
        let Some(inode) = self.inode else { return 0 };
        let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"].into_iter();
        let now = tables
            .filter_map(|table| in_table(&std::fs::read_to_string(table).ok()?, inode))
            .next();
        let now = now.unwrap_or(self.counted).max(self.counted);
        now - std::mem::replace(&mut self.counted, now)
    }
}

/// A line for each socket, in whose columns the tenth is the inode and the last are the drops.
fn in_table(table: &str, inode: u64) -> Option<u64> {
    let of_line = |line: &str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        (columns.get(9)?.parse() == Ok(inode)).then(|| columns.last()?.parse().ok())?
    };
    table.lines().find_map(of_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_socket_is_found() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            1: 0100007F:1B5B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 71 2 0000000000000000 5\n\
            2: 0100007F:1B5C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 72 2 0000000000000000 7\n";
        assert_eq!([71, 72, 7].map(|inode| in_table(table, inode)), [Some(5), Some(7), None]);
    }
}
