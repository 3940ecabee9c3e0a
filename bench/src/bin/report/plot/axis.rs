use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// What is along an axis, and where.
#[derive(Clone)]
pub(crate) struct Axis {
    pub(crate) title: String,
    /// From one end to the other, upwards or downwards.
    ends: (f64, f64),
    ticks: Vec<(f64, String)>,
    /// Linear on the page.
    scale: fn(f64) -> f64,
}

impl Axis {
    /// Logarithmic, with room for all positive `values` and, by a factor, above them.
    pub(crate) fn log(
        title: &str,
        values: impl Iterator<Item = f64>,
        headroom: f64,
        label: impl Fn(f64) -> String,
    ) -> Self {
        let (least, most) = values
            .filter(|value| *value > 0.0 && value.is_finite())
            .fold((f64::MAX, 0.0_f64), |(least, most), value| (value.min(least), value.max(most)));
        let (least, most) = if least <= most { (least * 0.8, most * 1.25 * headroom) } else { (1.0, 10.0) };
        // Four labels or so, which is what there is room for.
        let (steps, stride): (&[f64], _) = match (most / least).log10() {
            ..1.2 => (&[1.0, 2.0, 5.0], 1),
            ..2.2 => (&[1.0, 3.0], 1),
            ..5.0 => (&[1.0], 1),
            _ => (&[1.0], 2),
        };
        let ticks = (least.log10().floor() as i32..=most.log10().ceil() as i32)
            .step_by(stride)
            .flat_map(|exponent| steps.iter().map(move |step| step * 10_f64.powi(exponent)))
            .filter(|tick| (least..=most).contains(tick))
            .map(|tick| (tick, label(tick)))
            .collect();
        Self { title: title.into(), ends: (least, most), ticks, scale: f64::log10 }
    }

    /// From 0 to 100 %, with the ends in sight.
    pub(crate) fn share(title: &str) -> Self {
        let ticks = [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, format!("{} %", share * 100.0))).into();
        Self { title: title.into(), ends: (-0.04, 1.04), ticks, scale: |share| share }
    }

    /// From the median up: the nines are at equal distances.
    pub(crate) fn quantiles(title: &str) -> Self {
        let ticks = [(0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];
        let ticks = ticks.map(|(quantile, label)| (quantile, label.into())).into();
        Self { title: title.into(), ends: (0.4, 0.99995), ticks, scale: |quantile| -(1.0 - quantile).log10() }
    }

    /// The names of things, at 0, 1, 2, ….
    pub(crate) fn names<S: Into<String>>(title: &str, names: impl IntoIterator<Item = S>) -> Self {
        let ticks: Vec<_> = names.into_iter().enumerate().map(|(i, name)| (i as f64, name.into())).collect();
        Self { title: title.into(), ends: (-0.6, ticks.len() as f64 - 0.4), ticks, scale: |place| place }
    }

    /// The other way round: names from the top down.
    pub(crate) fn reversed(self) -> Self {
        Self { ends: (self.ends.1, self.ends.0), ..self }
    }

    pub(crate) fn ticks(&self) -> impl Iterator<Item = f64> {
        self.ticks.iter().map(|tick| tick.0)
    }

    pub(crate) fn shows(&self, value: f64) -> bool {
        (0.001..0.999).contains(&self.place(value))
    }

    /// From 0 at one end to 1 at the other; what is beyond them is there.
    fn place(&self, value: f64) -> f64 {
        let [value, start, end] = [value, self.ends.0, self.ends.1].map(self.scale);
        ((value - start) / (end - start)).clamp(0.0, 1.0)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        start + (self.place(*value) * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks().collect()
    }

    fn range(&self) -> Range<f64> {
        self.ends.0..self.ends.1
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.0 == *value).map_or(String::new(), |tick| tick.1.clone())
    }
}
