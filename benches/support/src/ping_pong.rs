//! Two threads, two channels, one element that goes to and fro. How long a receiver spins before it
//! sleeps is up to the channel.

use crate::channel::Channel;
use crate::contender::OnlyEnd;
use crate::crew;
use crate::element::Element;
use crate::scene::{Effort, Sample, Scene};

pub(crate) fn turn<C: Channel, T: Element>(scene: &Scene, effort: &Effort) -> Sample {
    let [there, back] = [(); 2].map(|()| {
        let (sender, receiver) = C::bounded::<T>(scene.capacity);
        (OnlyEnd::new(sender), OnlyEnd::new(receiver))
    });
    let (elapsed, round_trips, _) = crew::run(
        scene,
        &|_, shift| {
            let (sender, mut receiver) = (there.0.take(), back.1.take());
            let mut round_trips = 0;
            shift.begin();
            while !shift.is_over() {
                C::send(&sender, T::new(round_trips));
                assert!(C::recv(&mut receiver).is_some(), "{} is closed too early", C::NAME);
                round_trips += 1;
            }
            round_trips
        },
        &|_, shift| {
            let (sender, mut receiver) = (back.0.take(), there.1.take());
            shift.begin();
            while let Some(element) = C::recv(&mut receiver) {
                C::send(&sender, element);
            }
        },
        effort.window,
        &|| (),
    );
    Sample::of([(
        "round_trips_per_s",
        round_trips.iter().sum::<u64>() as f64 / elapsed.as_secs_f64(),
    )])
}
