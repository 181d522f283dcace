//! Days of the proleptic Gregorian calendar as plain numbers.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Days since 1970-01-01 of a date that exists.
pub(super) fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    // The year starts in March here, so that a leap day is its last day and needs no case of its own.
    let year = i64::from(year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day, that many days after 1970-01-01; beyond a million years the year stays there.
pub(super) fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year.clamp(-1_000_000, 1_000_000) as i32, month as u8, day as u8)
}

/// Whether the date exists; without a year, whether it exists in a leap year.
pub(super) fn is_date(year: Option<i32>, month: u8, day: u8) -> bool {
    let last = match month {
        2 => 28 + u8::from(year.is_none_or(is_leap)),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=last).contains(&day)
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_1970_and_back() {
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 2, 29), 11_016);
        assert_eq!(days_from_civil(2022, 3, 4), 19_055);
        for days in (-800_000..800_000).step_by(13) {
            let (year, month, day) = civil_from_days(days);
            assert!(is_date(Some(year), month, day), "{year}-{month}-{day}");
            assert_eq!(days_from_civil(year, month, day), days, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn dates_that_do_not_exist() {
        assert!(is_date(Some(2024), 2, 29) && is_date(None, 2, 29) && is_date(Some(2000), 2, 29));
        for (year, month, day) in
            [(2023, 2, 29), (2100, 2, 29), (2022, 2, 30), (2022, 4, 31), (2022, 0, 1), (2022, 13, 1)]
        {
            assert!(!is_date(Some(year), month, day), "{year}-{month}-{day}");
        }
    }
}
