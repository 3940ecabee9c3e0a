//! Taking what is there of a stream of messages together.

use futures_util::{FutureExt, Stream, StreamExt};

/// How many messages are taken together, if they are there.
const AT_ONCE: usize = 256;
/// About as many bytes: compressed, they may be few before.
const BYTES_AT_ONCE: usize = 256 * 1024;

/// Waits for a first item, and takes what is ready after it; nothing at the end of the stream. When
/// it is cancelled, nothing is lost.
pub(super) async fn ready<S: Stream + Unpin>(
    stream: &mut S,
    bytes: impl Fn(&S::Item) -> usize,
) -> Vec<S::Item> {
    let mut items = Vec::new();
    let mut next = stream.next().await;
    let mut inside = 0;
    while let Some(item) = next {
        inside += bytes(&item);
        items.push(item);
        if items.len() == AT_ONCE || inside >= BYTES_AT_ONCE {
            break;
        }
        next = stream.next().now_or_never().flatten();
    }
    items
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    #[test]
    fn what_is_ready_is_bounded_in_number_and_bytes() {
        let mut many = stream::repeat(1).take(AT_ONCE + 1);
        let mut taken = || ready(&mut many, |_| 1).now_or_never().map(|items| items.len());
        assert_eq!([taken(), taken(), taken()], [Some(AT_ONCE), Some(1), Some(0)]);
        let mut large = stream::repeat(1).take(3);
        let mut taken =
            || ready(&mut large, |_| BYTES_AT_ONCE / 2).now_or_never().map(|items| items.len());
        assert_eq!([taken(), taken()], [Some(2), Some(1)]);
        let mut none = stream::pending::<()>();
        assert_eq!(ready(&mut none, |()| 0).now_or_never(), None);
    }
}
