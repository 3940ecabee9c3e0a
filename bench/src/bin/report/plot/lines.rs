//! A line for each contender.

use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::style::of;
use super::{Axis, HEADING, HEADING_HEIGHT, Page, Result, TEXT, TITLE_HEIGHT, draw_marker, mesh, page, text};

pub(crate) struct Lines<'a> {
    pub(crate) title: String,
    pub(crate) x: Axis,
    /// Each row of panels with the contenders in it, all of which are in its legend.
    pub(crate) rows: Vec<(Vec<&'a str>, Vec<LinePanel<'a>>)>,
}

pub(crate) struct LinePanel<'a> {
    pub(crate) heading: String,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line<'a>>,
}

pub(crate) struct Line<'a> {
    pub(crate) contender: &'a str,
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: u32 = 430;
const HEIGHT: u32 = 370;
const LEGEND: u32 = 200;
const LABELS: u32 = 90;
const ENTRY: i32 = 24;

impl Lines<'_> {
    pub(crate) fn draw(&self, path: &Path) -> Result<()> {
        let columns = self.rows.iter().map(|(_, panels)| panels.len()).max().unwrap_or(0) as u32;
        let size = (columns * WIDTH + LEGEND, TITLE_HEIGHT + self.rows.len() as u32 * HEIGHT);
        let page = page(path, size, &self.title)?;
        for (row, (contenders, panels)) in (0..).zip(&self.rows) {
            let top = TITLE_HEIGHT + row * HEIGHT;
            for (column, panel) in (0..).zip(panels) {
                let area = page.clone().shrink((column * WIDTH, top), (WIDTH, HEIGHT));
                self.panel(&page, &area, panel)?;
            }
            legend(&page.clone().shrink((columns * WIDTH, top), (LEGEND, HEIGHT)), contenders)?;
        }
        page.present()?;
        Ok(())
    }

    fn panel(&self, page: &Page<'_>, area: &Page<'_>, panel: &LinePanel<'_>) -> Result<()> {
        let LinePanel { heading, y, lines } = panel;
        let at = ((WIDTH + LABELS) as i32 / 2, 4);
        area.draw(&Text::new(heading.as_str(), at, text(HEADING, HPos::Center, VPos::Top)))?;

        let mut chart = ChartBuilder::on(area)
            .margin_top(HEADING_HEIGHT)
            .margin_right(12)
            .margin_left(6)
            .margin_bottom(16)
            .x_label_area_size(60)
            .y_label_area_size(LABELS)
            .build_cartesian_2d(self.x.clone(), y.clone())?;
        mesh(&mut chart, &self.x.title, &y.title)?;

        // The first on top.
        for line in lines.iter().rev() {
            let style = of(line.contender);
            let points = line.points.iter().filter(|point| self.x.shows(point.0));
            let points = points.map(|point| chart.backend_coord(point)).collect::<Vec<_>>();
            page.draw(&PathElement::new(points.clone(), style.colour.stroke_width(2)))?;
            for tick in self.x.ticks().map(|tick| chart.backend_coord(&(tick, 1.0)).0) {
                let around = points.windows(2).find(|ends| (ends[0].0..=ends[1].0).contains(&tick));
                if let Some(&[start, end]) = around {
                    let share = f64::from(tick - start.0) / f64::from((end.0 - start.0).max(1));
                    let y = start.1 + (share * f64::from(end.1 - start.1)).round() as i32;
                    draw_marker(page, (tick, y), style, true)?;
                }
            }
        }
        Ok(())
    }
}

fn legend(area: &Page<'_>, contenders: &[&str]) -> Result<()> {
    for (y, &contender) in (HEADING_HEIGHT as i32 + 10..).step_by(ENTRY as usize).zip(contenders) {
        let style = of(contender);
        area.draw(&PathElement::new([(8, y), (36, y)], style.colour.stroke_width(2)))?;
        draw_marker(area, (22, y), style, true)?;
        area.draw(&Text::new(contender, (44, y), text(TEXT, HPos::Left, VPos::Center)))?;
    }
    Ok(())
}
