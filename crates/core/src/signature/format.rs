//! tbd
use crate::error::Error;
/// tbd
/// # Errors
/// tbd
pub fn format_file(_name: &str, _text: &str) -> Result<String, Error> {
    todo!()
}
