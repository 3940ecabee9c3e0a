/// Drops whatever `pop` returns. Goes on when the `Drop` of an element panics, as `Vec` does; a second panic aborts.
pub(crate) fn drop_all<T>(pop: impl Fn() -> Option<T>) {
    struct Rest<'a, T>(&'a dyn Fn() -> Option<T>);

    impl<T> Drop for Rest<'_, T> {
        fn drop(&mut self) {
            while (self.0)().is_some() {}
        }
    }

    let _rest = Rest(&pop);
    while pop().is_some() {}
}
