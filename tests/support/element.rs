//! Numbers as elements of several types, small and large: `AtomicRing` stores the two in different
//! ways.

/// An element that stands for a number.
pub trait Element: Send + 'static {
    fn of(number: u32) -> Self;
    fn number(self) -> u32;
}

impl Element for u32 {
    fn of(number: u32) -> Self {
        number
    }
    fn number(self) -> u32 {
        self
    }
}

/// Large, and shows when it is torn.
impl Element for [u32; 6] {
    fn of(number: u32) -> Self {
        [number; 6]
    }
    fn number(self) -> u32 {
        assert!(self.iter().all(|&part| part == self[0]), "a torn element: {self:?}");
        self[0]
    }
}

/// Small, and owns memory.
impl Element for Box<u32> {
    fn of(number: u32) -> Self {
        Box::new(number)
    }
    fn number(self) -> u32 {
        *self
    }
}

/// Large, and owns memory.
impl Element for String {
    fn of(number: u32) -> Self {
        number.to_string()
    }
    fn number(self) -> u32 {
        self.parse().expect("a number")
    }
}
