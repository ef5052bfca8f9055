use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// A file to import; its extension selects the decompression.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    path: PathBuf,
    bytes: u64,
}

impl Source {
    /// Opens the file at `path`, which must exist, to read its size.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let bytes = File::open(path)?.metadata()?.len();
        Ok(Self { path: path.to_owned(), bytes })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the size on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the file's name up to the first dot: `random-men` of `random-men.csv.xz`.
    pub(crate) fn stem(&self) -> &str {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.split('.').next().unwrap_or_default()
    }

    /// Opens the file and decompresses it; `read` counts the bytes read from disk.
    pub(crate) fn open(&self, read: Arc<AtomicU64>) -> io::Result<Box<dyn BufRead + Send>> {
        let file = Counted { file: File::open(&self.path)?, read };
        Ok(match self.path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Box::new(BufReader::new(flate2::read::MultiGzDecoder::new(file))),
            Some("xz") => {
                Box::new(BufReader::new(liblzma::read::XzDecoder::new_multi_decoder(file)))
            }
            Some("zst") => Box::new(BufReader::new(zstd::Decoder::new(file)?)),
            _ => Box::new(BufReader::new(file)),
        })
    }
}

struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.file.read(buffer)?;
        self.read.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn contents(name: &str, bytes: &[u8]) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        File::create(&path).unwrap().write_all(bytes).unwrap();
        let source = Source::at(&path).unwrap();
        let read = Arc::default();
        let mut text = String::new();
        source.open(Arc::clone(&read)).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), source.bytes());
        (source.stem().to_owned(), text)
    }

    #[test]
    fn a_file_reads_the_same_with_every_compression() {
        let text = "one\ntwo\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(text.as_bytes()).unwrap();
        for (name, bytes) in [
            ("a-b.csv", text.as_bytes().to_vec()),
            ("a-b.csv.gz", gzip.finish().unwrap()),
            ("a-b.csv.xz", xz.finish().unwrap()),
            ("a-b.csv.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ] {
            assert_eq!(contents(name, &bytes), ("a-b".to_owned(), text.to_owned()), "{name}");
        }
    }
}
