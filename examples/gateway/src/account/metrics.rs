//! What Prometheus reads: our metrics, those of the process, and of which build it is.

use std::collections::HashMap;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Makes metrics that are in the text. Their names are constants, and each is made once, or the
/// first test fails.
pub(super) struct Metrics {
    registry: Registry,
    labels: HashMap<String, String>,
}

const ONCE: &str = "names are well-formed constants, and each is used once with the same labels";

impl Metrics {
    pub(super) fn new() -> Self {
        let registry = Registry::new();
        registry.register(Box::new(ProcessCollector::for_self())).expect(ONCE);
        let metrics = Self { registry, labels: HashMap::new() };
        let build = metrics.gauges("build_info", "Of which build the process is", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        metrics
    }

    /// For metrics that all have these labels.
    pub(super) fn labelled(&self, labels: &[(&str, &str)]) -> Self {
        let labels =
            labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Self { registry: self.registry.clone(), labels }
    }

    pub(super) fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.has(IntCounterVec::new(self.options(name, help), labels))
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.has(IntGaugeVec::new(self.options(name, help), labels))
    }

    pub(super) fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.has(IntCounter::with_opts(self.options(name, help)))
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.has(IntGauge::with_opts(self.options(name, help)))
    }

    pub(super) fn histogram(&self, name: &str, help: &str, buckets: Vec<f64>) -> Histogram {
        self.has(Histogram::with_opts(
            HistogramOpts::from(self.options(name, help)).buckets(buckets),
        ))
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).namespace("gateway").const_labels(self.labels.clone())
    }

    fn has<M: Collector + Clone + 'static>(&self, metric: prometheus::Result<M>) -> M {
        let metric = metric.expect(ONCE);
        self.registry.register(Box::new(metric.clone())).expect(ONCE);
        metric
    }

    pub(super) fn text(&self) -> Result<String, crate::Error> {
        Ok(TextEncoder::new().encode_to_string(&self.registry.gather())?)
    }
}
