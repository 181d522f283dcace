//! tbd
use crate::error::Error;
/// A draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Id.
    pub id: String,
    /// Text.
    pub text: String,
}
/// tbd
/// # Errors
/// tbd
pub fn draft(_text: &str, _id: Option<&str>) -> Result<Draft, Error> {
    todo!()
}
