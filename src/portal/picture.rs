//! Pictures of people and of apps: decoded and written anew, so that what people see is a picture and nothing else.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

/// Largest upload, in bytes.
pub const MAX_UPLOAD_BYTES: usize = 8 * 1024 * 1024;
/// Side of the square that is kept, in pixels, at most.
const SIDE: u32 = 512;
/// Longer side of an app's picture, in pixels, at most.
const LOGO_SIDE: u32 = 256;
/// Largest side that is decoded.
const MAX_SIDE: u32 = 10_000;
/// Most memory that decoding takes, in bytes.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
const QUALITY: u8 = 86;

/// A JPEG of the middle square of `upload`, the way it was held: rotation is applied, and every other
/// bit of metadata is gone.
///
/// # Errors
/// In words, fit for a page.
pub fn square(upload: &[u8]) -> Result<Vec<u8>, String> {
    encode(&crop(&decode(upload)?))
}

/// A PNG of `upload`, all of it, at most [`LOGO_SIDE`] pixels on a side; what is transparent stays so.
///
/// # Errors
/// In words, fit for a page.
pub fn logo(upload: &[u8]) -> Result<Vec<u8>, String> {
    let picture = decode(upload)?;
    let is_large = picture.width().max(picture.height()) > LOGO_SIDE;
    let fitting = if is_large { picture.resize(LOGO_SIDE, LOGO_SIDE, FilterType::CatmullRom) } else { picture };
    let mut out = Cursor::new(Vec::new());
    let plain = DynamicImage::ImageRgba8(fitting.to_rgba8());
    plain.write_to(&mut out, ImageFormat::Png).map_err(|error| format!("This picture cannot be kept: {error}"))?;
    Ok(out.into_inner())
}

fn decode(upload: &[u8]) -> Result<DynamicImage, String> {
    let refused = || "This is not a picture we can read. Use a PNG, JPEG, WebP or GIF file.".to_owned();
    let mut reader = ImageReader::new(Cursor::new(upload)).with_guessed_format().map_err(|_| refused())?;
    let known = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
    if !reader.format().is_some_and(|format| known.contains(&format)) {
        return Err(refused());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| refused())?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)
        .map_err(|_| format!("This picture is damaged, or larger than {MAX_SIDE} pixels on a side."))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn crop(picture: &DynamicImage) -> DynamicImage {
    let side = picture.width().min(picture.height()).max(1);
    let (left, top) = ((picture.width() - side) / 2, (picture.height() - side) / 2);
    let square = picture.crop_imm(left, top, side, side);
    if side > SIDE { square.resize_exact(SIDE, SIDE, FilterType::CatmullRom) } else { square }
}

fn encode(picture: &DynamicImage) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, QUALITY)
        .encode_image(&on_white(picture))
        .map_err(|error| format!("This picture cannot be kept: {error}"))?;
    Ok(out)
}

/// What is transparent shows white.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let source = picture.to_rgba8();
    let mut out = RgbImage::new(source.width(), source.height());
    for (to, from) in out.pixels_mut().zip(source.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let blend = |part: u32| u8::try_from((part * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        *to = Rgb([blend(red), blend(green), blend(blue)]);
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

    use super::{logo, square};

    fn png(width: u32, height: u32) -> Vec<u8> {
        let picture =
            RgbaImage::from_fn(
                width,
                height,
                |x, _| if x < width / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 0, 0]) },
            );
        let mut out = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(picture).write_to(&mut out, ImageFormat::Png).unwrap();
        out.into_inner()
    }

    #[test]
    fn pictures_become_bounded_squares() {
        for (width, height, side) in [(1200, 700, 512), (40, 90, 40), (1, 1, 1), (512, 512, 512)] {
            let kept = image::load_from_memory(&square(&png(width, height)).unwrap()).unwrap();
            assert_eq!((kept.width(), kept.height()), (side, side), "{width}x{height}");
        }
    }

    #[test]
    fn what_is_transparent_shows_white() {
        let kept = image::load_from_memory(&square(&png(100, 100)).unwrap()).unwrap().to_rgb8();
        assert!(kept.get_pixel(90, 50).0.iter().all(|part| *part > 240));
        assert!(kept.get_pixel(10, 50).0.first().is_some_and(|red| *red > 240));
    }

    #[test]
    fn rotation_is_kept_and_metadata_is_gone() {
        // A JPEG that is red on its left half, with an EXIF orientation of 6: held a quarter turned.
        let red_left = image::load_from_memory(&square(&png(64, 64)).unwrap()).unwrap();
        let mut plain = Cursor::new(Vec::new());
        red_left.write_to(&mut plain, ImageFormat::Jpeg).unwrap();
        let exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        let mut turned = plain.get_ref()[..2].to_vec();
        turned.extend([0xff, 0xe1, 0, u8::try_from(exif.len() + 2).unwrap()]);
        turned.extend(exif);
        turned.extend(&plain.get_ref()[2..]);
        let kept = square(&turned).unwrap();
        assert!(!kept.windows(4).any(|window| window == b"Exif"));
        let kept = image::load_from_memory(&kept).unwrap().to_rgb8();
        let is_red = |x, y| {
            let [red, green, ..] = kept.get_pixel(x, y).0;
            red > 200 && green < 100
        };
        assert!(is_red(10, 10) && is_red(50, 10) && !is_red(10, 50), "red on top after a quarter turn");
    }

    #[test]
    fn logos_keep_their_shape_and_what_is_transparent() {
        for (width, height, kept_width, kept_height) in [(1024, 512, 256, 128), (40, 90, 40, 90), (1, 1, 1, 1)] {
            let kept = image::load_from_memory(&logo(&png(width, height)).unwrap()).unwrap();
            assert_eq!((kept.width(), kept.height()), (kept_width, kept_height), "{width}x{height}");
        }
        let kept = image::load_from_memory(&logo(&png(100, 100)).unwrap()).unwrap().to_rgba8();
        assert_eq!((kept.get_pixel(90, 50).0[3], kept.get_pixel(10, 50).0), (0, [255, 0, 0, 255]));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        for odd in [svg.as_slice(), b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", &png(10, 10)[..40], b"BM\0\0\0\0"] {
            assert!(square(odd).is_err() && logo(odd).is_err(), "{:?}", &odd[..odd.len().min(10)]);
        }
    }
}
