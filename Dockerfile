# Runtime 3.3-8 carries Airflow 3.3.2, the version requirements.txt pins; Python 3.12 is the lowest it offers.
# Check before moving the tag, in the image itself:
#   docker run --rm <tag> airflow version     must equal apache-airflow in requirements.in
#   docker run --rm <tag> python --version    must be one that requirements.txt was compiled for
#   docker run --rm <tag> pip check           after the build: the pins replace providers the image brings along
# A tag can be moved by whoever owns the registry; a digest cannot. Whoever builds with access to the registry asks for it
#   docker buildx imagetools inspect <tag>    its line "Digest:"
# and writes it behind the tag, as in <tag>@sha256:...; a test then holds that it is a whole one. It could not be
# looked up where this file was written, and none is made up.
# The base image installs packages.txt and requirements.txt and copies the project through ONBUILD steps, which
# run right after FROM: everything below sees /usr/local/airflow complete.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# `import mercurios` and `import mercurios_airflow` work in every component, and `importlib.metadata` finds the connection
# types in plugins/. The base image's own entry, the project root, stays last.
ENV PYTHONPATH=/usr/local/airflow/include:/usr/local/airflow/plugins:/usr/local/airflow

# Warehouses, published files and the landing area, unless connections and tenant files say otherwise. `astro dev`
# mounts include/ into every container, so they are shared there and survive a restart.
ENV MERCURIOS_HOME=/usr/local/airflow/include/data

# Nothing calls home.
ENV AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    AIRFLOW__COSMOS__ENABLE_TELEMETRY=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=False \
    DO_NOT_TRACK=1 \
    GX_ANALYTICS_ENABLED=False

# Cosmos renders the DAGs from this manifest; dbt never runs while a DAG is parsed. The values are placeholders:
# parsing a project opens no warehouse.
RUN cd include/dbt \
    && MERCURIOS_DUCKDB_PATH=:memory: MERCURIOS_TENANT_ID=none \
       dbt parse --project-dir . --profiles-dir . --target duckdb --target-path target
