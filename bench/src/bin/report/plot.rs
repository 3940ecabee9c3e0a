//! Plots as SVG, on white even where the reader's page is dark.

mod axis;
mod dots;
mod lines;
mod style;

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub(crate) use axis::Axis;
pub(crate) use dots::{Dot, DotPanel, Dots};
pub(crate) use lines::{Line, LinePanel, Lines};
use style::{GRID, INK, Marker, Style};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

type Page<'a> = DrawingArea<SVGBackend<'a>, Shift>;

// These are larger than the pixels they come out as.
const TITLE: u32 = 22;
const HEADING: u32 = 19;
const TEXT: u32 = 17;

const TITLE_HEIGHT: u32 = 44;
const HEADING_HEIGHT: u32 = 34;

fn page<'a>(path: &'a Path, size: (u32, u32), title: &'a str) -> Result<Page<'a>> {
    let page = SVGBackend::new(path, size).into_drawing_area();
    page.fill(&WHITE)?;
    page.draw(&Text::new(title, (size.0 as i32 / 2, 10), text(TITLE, HPos::Center, VPos::Top)))?;
    Ok(page)
}

fn text(size: u32, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK).pos(Pos::new(horizontal, vertical))
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// Axes with their titles, and a line at every tick.
fn mesh(chart: &mut Chart<'_, '_>, x: &str, y: &str) -> Result<()> {
    let label = || ("sans-serif", TEXT).into_font().color(&INK);
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .axis_style(GRID)
        .x_desc(x)
        .y_desc(y)
        .label_style(label())
        .axis_desc_style(label())
        .draw()?;
    Ok(())
}

/// Hollow ones have a white inside, so that they can be told from a line that they lie upon.
fn draw_marker(page: &Page<'_>, at: (i32, i32), style: Style, filled: bool) -> Result<()> {
    let inside = if filled { style.colour } else { WHITE }.filled();
    let outline = style.colour.stroke_width(2);
    let corners: &[_] = match style.marker {
        Marker::Circle => {
            page.draw(&Circle::new(at, 5, inside))?;
            page.draw(&Circle::new(at, 5, outline))?;
            return Ok(());
        }
        Marker::Square => &[(-4, -4), (4, -4), (4, 4), (-4, 4)],
        Marker::Triangle => &[(0, -6), (6, 4), (-6, 4)],
        Marker::Diamond => &[(0, -6), (6, 0), (0, 6), (-6, 0)],
    };
    let mut corners: Vec<_> = corners.iter().map(|corner| (at.0 + corner.0, at.1 + corner.1)).collect();
    page.draw(&Polygon::new(corners.clone(), inside))?;
    corners.push(corners[0]);
    page.draw(&PathElement::new(corners, outline))?;
    Ok(())
}
