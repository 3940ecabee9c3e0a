//! A row for each contender: medians as dots, quartiles as bars.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};
use ringway_bench::results::Spread;

use super::style::of;
use super::{Axis, HEADING, HEADING_HEIGHT, Page, Result, TEXT, TITLE_HEIGHT, draw_marker, mesh, page, text};

pub(crate) struct Dots<'a> {
    pub(crate) title: String,
    /// Contenders.
    pub(crate) rows: Vec<&'a str>,
    pub(crate) panels: Vec<DotPanel>,
}

pub(crate) struct DotPanel {
    pub(crate) heading: String,
    pub(crate) axis: Axis,
    pub(crate) dots: Vec<Dot>,
}

pub(crate) struct Dot {
    pub(crate) row: usize,
    pub(crate) spread: Spread,
    /// Beside it; none beside a hollow one, which is only the lesser of two.
    pub(crate) label: Option<String>,
}

const WIDTH: u32 = 1040;
const NAMES: u32 = 170;
const ROW: u32 = 24;
const AXIS: u32 = 60;
const BELOW: u32 = 16;
const GAP: u32 = 24;

impl Dots<'_> {
    pub(crate) fn draw(&self, path: &Path) -> Result<()> {
        let columns = match self.panels.len() {
            4 => 2,
            others => others.clamp(1, 3) as u32,
        };
        let width = (WIDTH - NAMES) / columns;
        let height = HEADING_HEIGHT + self.rows.len() as u32 * ROW + AXIS + BELOW;
        let size = (WIDTH, TITLE_HEIGHT + (self.panels.len() as u32).div_ceil(columns) * height);
        let page = page(path, size, &self.title)?;
        for (number, panel) in (0..).zip(&self.panels) {
            let (line, column) = (number / columns, number % columns);
            let names = if column == 0 { NAMES } else { 0 };
            let left = NAMES - names + column * width;
            let area = page.clone().shrink((left, TITLE_HEIGHT + line * height), (names + width, height));
            self.panel(&page, &area, names, panel)?;
        }
        page.present()?;
        Ok(())
    }

    fn panel(&self, page: &Page<'_>, area: &Page<'_>, names: u32, panel: &DotPanel) -> Result<()> {
        let DotPanel { heading, axis, dots } = panel;
        let (width, _) = area.dim_in_pixel();
        let at = ((names + width - GAP) as i32 / 2, 4);
        area.draw(&Text::new(heading.as_str(), at, text(HEADING, HPos::Center, VPos::Top)))?;

        let names_axis = Axis::names("", self.rows.iter().copied()).reversed();
        let mut chart = ChartBuilder::on(area)
            .margin_top(HEADING_HEIGHT)
            .margin_right(GAP)
            .margin_bottom(BELOW)
            .x_label_area_size(AXIS)
            .y_label_area_size(names)
            .build_cartesian_2d(axis.clone(), names_axis)?;
        mesh(&mut chart, &axis.title, "")?;

        for (number, dot) in dots.iter().enumerate() {
            let style = of(self.rows[dot.row]);
            let Spread { low, median, high, .. } = dot.spread;
            let [low, median, high] = [low, median, high].map(|value| chart.backend_coord(&(value, dot.row as f64)));
            let mate = dots[..number].iter().find(|mate| mate.row == dot.row);
            let mate =
                mate.map(|mate| (chart.backend_coord(&(mate.spread.median, mate.row as f64)), mate.label.is_some()));
            if let Some((at, filled)) = mate {
                page.draw(&PathElement::new([at, median], style.colour.stroke_width(1)))?;
                draw_marker(page, at, style, filled)?;
            }
            page.draw(&PathElement::new([low, high], style.colour.stroke_width(4)))?;
            draw_marker(page, median, style, dot.label.is_some())?;
            if let Some(label) = &dot.label {
                // On the side where the dot's mate is not.
                let (at, side) = match mate {
                    Some((at, _)) if at.0 > median.0 => ((low.0.min(median.0 - 5) - 4, low.1), HPos::Right),
                    _ => ((high.0.max(median.0 + 5) + 4, high.1), HPos::Left),
                };
                page.draw(&Text::new(label.as_str(), at, text(TEXT, side, VPos::Center)))?;
            }
        }
        Ok(())
    }
}
