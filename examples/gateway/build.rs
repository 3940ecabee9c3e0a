#[cfg(not(feature = "grpc"))]
fn main() {}

#[cfg(feature = "grpc")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["gateway.proto"], ["proto"])?;
    tonic_prost_build::configure().bytes(".").build_client(false).compile_fds(files)?;
    Ok(())
}
