//! One look for each contender, the same everywhere.

use plotters::style::RGBColor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    pub(crate) colour: RGBColor,
    pub(crate) marker: Marker,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Marker {
    Circle,
    Square,
    Triangle,
    Diamond,
}

/// Text and axes.
pub(crate) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(crate) const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Nothing is known of it, or it is no queue.
const GREY: RGBColor = RGBColor(0x88, 0x88, 0x88);

// The palette of M. Okabe and K. Ito, without its yellow, which does not show on white, and two more.
const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xb2);
const SKY: RGBColor = RGBColor(0x56, 0xb4, 0xe9);
const GREEN: RGBColor = RGBColor(0x00, 0x9e, 0x73);
const ORANGE: RGBColor = RGBColor(0xe6, 0x9f, 0x00);
const VERMILION: RGBColor = RGBColor(0xd5, 0x5e, 0x00);
const PURPLE: RGBColor = RGBColor(0xcc, 0x79, 0xa7);
const WINE: RGBColor = RGBColor(0x88, 0x22, 0x55);

/// A peer that is built upon another has its colour.
#[rustfmt::skip]
const STYLES: [(&str, RGBColor, Marker); 14] = [
    ("AtomicRing", BLUE, Marker::Circle),
    ("spsc", SKY, Marker::Circle),
    ("MutexRing", GREEN, Marker::Square),
    ("MutexVec", GREEN, Marker::Diamond),
    ("ChannelQueue", GREEN, Marker::Triangle),
    ("ArrayQueue", VERMILION, Marker::Circle),
    ("ring-channel", VERMILION, Marker::Triangle),
    ("ConcurrentQueue", ORANGE, Marker::Circle),
    ("async-channel", ORANGE, Marker::Triangle),
    ("tokio broadcast", PURPLE, Marker::Square),
    ("flume", PURPLE, Marker::Circle),
    ("crossfire", PURPLE, Marker::Triangle),
    ("kanal", WINE, Marker::Diamond),
    ("rtrb", INK, Marker::Square),
];

pub(crate) fn of(contender: &str) -> Style {
    let known = STYLES.iter().find(|style| style.0 == contender);
    let (colour, marker) = known.map_or((GREY, Marker::Diamond), |&(_, colour, marker)| (colour, marker));
    Style { colour, marker }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_look_the_same() {
        for (i, (one, ..)) in STYLES.iter().enumerate() {
            for (other, ..) in &STYLES[..i] {
                assert_ne!(of(one), of(other), "{one} and {other}");
            }
            assert_ne!(of(one), of("anything else"), "{one}");
        }
    }
}
