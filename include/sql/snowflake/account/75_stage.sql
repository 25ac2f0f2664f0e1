-- The landing area as the loader reads it. Every COPY names its files and states the format itself.
use role mercurios_admin;

create file format if not exists {{ database | ident }}.ops.landed_parquet
    type = parquet
    comment = 'What the extraction writes';

create stage if not exists {{ database | ident }}.ops.landing
    url = '{{ landing }}'
    storage_integration = mercurios_landing
    file_format = (format_name = '{{ database | ident }}.ops.landed_parquet')
    comment = 'Parts and manifests of every run';

alter stage {{ database | ident }}.ops.landing set
    url = '{{ landing }}'
    storage_integration = mercurios_landing;
