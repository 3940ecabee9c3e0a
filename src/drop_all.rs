/// Drops whatever `next` returns. Goes on when the `Drop` of an element panics, as `Vec` does; a
/// second panic aborts.
pub(crate) fn drop_all<T>(mut next: impl FnMut() -> Option<T>) {
    struct Rest<'a, T>(&'a mut dyn FnMut() -> Option<T>);

    impl<T> Rest<'_, T> {
        fn drop_next(&mut self) -> bool {
            (self.0)().is_some()
        }
    }

    impl<T> Drop for Rest<'_, T> {
        fn drop(&mut self) {
            while self.drop_next() {}
        }
    }

    let mut rest = Rest(&mut next);
    while rest.drop_next() {}
}
