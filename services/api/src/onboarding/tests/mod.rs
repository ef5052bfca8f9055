mod apply;
mod folder;
mod platform;
